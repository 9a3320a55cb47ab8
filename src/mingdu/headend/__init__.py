"""Asyncio shell that terminals dial into; knows SQL, knows no Django."""
