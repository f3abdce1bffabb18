"""Comparisons that randomisation does not protect: bias, published arms, overlap, curves read as patients.

What stands here is numerics on plain arrays and checked tables; the models that use it are a family.
"""
