"""How anything is written or drawn: numbers, tables, colours, fonts and files."""
