"""Files that other viewers and libraries read: one module a kind.

They are written to be read elsewhere: `w2v.formats` reads and writes what the project itself uses.
"""
