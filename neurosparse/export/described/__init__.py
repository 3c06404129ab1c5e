"""Exports of networks that were not trained here: descriptions, in the words of a simulator."""
