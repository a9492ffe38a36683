"""message-store: the messages of an extension, a list with a window, like the call log, and totals.

https://developers.ringcentral.com/api-reference/Message-Store/listMessages
"""

import call_log
import parameters

FILTERS = {
    'messageType': lambda message, values: message.type in values,
    'direction': lambda message, values: message.direction in values,
    'availability': lambda message, values: message.availability in values,
    'readStatus': lambda message, values: message.read_status in values,
    'conversationId': lambda message, value: message.conversation == value,
    'phoneNumber': lambda message, value: value.lstrip('+') in message.numbers,
}


class MessageStore(call_log.CallLog):
    resource = 'message-store'
    filter_table = FILTERS

    def endpoint(self, scope):
        return parameters.MESSAGES

    def filters(self, values):
        """Without `availability`, deleted messages are hidden, unless by an option."""
        if not self.options.deleted_messages:
            values = {'availability': ('Alive',)} | values
        return super().filters(values)

    def version(self):
        return super().version(), self.dataset.mailboxes.version

    def source(self, scope):
        return self.dataset.mailboxes.listings[scope]

    def texts(self, scope, found, values):
        return self.renderer.records(scope, found, None)

    def paging(self, number, size, count, total):
        return super().paging(number, size, count, total) | {
            'totalPages': -(-total // size), 'totalElements': total}

    def links(self, number, last):
        return super().links(number, last) | {'lastPage': last}
