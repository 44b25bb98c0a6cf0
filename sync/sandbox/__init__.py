"""Sandbox Google: a faithful stand-in for Google's OAuth 2.0 and Calendar v3, for local trials and tests.

It imports nothing of the product and is reached only over HTTP, as the real Google is.
Behaviour follows Google's published pages and the discovery document; what could not be confirmed is
marked `[?]` where it is coded.
"""
