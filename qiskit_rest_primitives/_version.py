"""The version: of the package, its distribution and its User-Agent."""

__version__ = "0.1.0"
