"""Remembering: tables, keys and the verbs the bot needs. Knows affect's types; no platform."""
