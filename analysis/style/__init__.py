"""The common style of output: numbers, tables, colours, fonts and files."""
