"""Networks as drawings, and the formats that they are written in."""
