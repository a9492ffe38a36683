"""Records as the endpoints show them: with the URI that they have in one list and one view."""

import data


class Renderer:
    def __init__(self, base_url):
        self.base_url = base_url

    def uri(self, scope, resource):
        """Of the account's, or an extension's, resource."""
        return f'{self.base_url}{data.path_of(scope)}/{resource}'

    def records(self, scope, records, view):
        prefix = f'{{"uri":"{self.uri(scope, "call-log")}/'.encode()
        return [record.render(prefix, view) for record in records]
