"""Code that all pages share, such as the picker, the fields and cached analyses."""
