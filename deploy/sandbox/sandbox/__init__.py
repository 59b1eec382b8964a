"""Stands in for WhatsApp's Cloud API (graph.facebook.com) and for the phones of citizens."""
