"""Checks over data that somebody else made: any file or Hub dataset of pairs, with no recipe and no store."""
