"""What the pages share: the picker, cached calls, drawing."""
