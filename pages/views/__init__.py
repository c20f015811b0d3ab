"""Parts of the pages; each module serves one page or two."""
