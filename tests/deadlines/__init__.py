"""Tests of what ends what does not end by itself."""
