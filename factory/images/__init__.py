"""What a picture is: its type by its first bytes, its facts by looking. Nothing here knows of rows or files."""
