"""Records as returned by the endpoints: with their URIs in one list and one view."""

import data
import hosts


class Renderer:
    def __init__(self, urls, options):
        self.urls = urls
        self.options = options

    def uri(self, scope, resource):
        """Of the account's, or an extension's, resource."""
        return f'{self.urls[hosts.API]}{data.path_of(scope)}/{resource}'

    def content_uri(self, recording_id):
        host = self.urls[self.options.content_uri_host]
        return f'{host}{data.path_of(data.ACCOUNT)}/recording/{recording_id}/content'

    def records(self, scope, records, view):
        prefix = f'{{"uri":"{self.uri(scope, "call-log")}/'.encode()
        texts = [record.render(prefix, view) for record in records]
        if self.options.content_uri_host == hosts.MEDIA:
            return texts
        old, new = (f'"contentUri":"{self.urls[host]}/'.encode()
                    for host in (hosts.MEDIA, self.options.content_uri_host))
        return [text.replace(old, new) for text in texts]
