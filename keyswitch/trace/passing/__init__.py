"""Passes requests on to services, and notes what passes."""
