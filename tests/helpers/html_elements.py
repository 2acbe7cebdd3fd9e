"""Elements of an HTML page, read without a browser."""

from __future__ import annotations

import html.parser


class Elements(html.parser.HTMLParser):
    """Start tags with their attributes, and the content of scripts by id ("code" without one)."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.scripts, self.name = [], {}, None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag == "script":
            self.name = dict(attributes).get("id", "code")
            assert self.name not in self.scripts
            self.scripts[self.name] = ""

    def handle_data(self, data):
        if self.cdata_elem == "script":
            self.scripts[self.name] += data
