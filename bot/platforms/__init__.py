"""Telegram, Discord and the terminal behind one protocol."""
