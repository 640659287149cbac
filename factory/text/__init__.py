"""Text as text: scripts, normalisation, structure, templates. Nothing here knows of rows, models or the Hub."""
