"""The active calls: a list without dates, with a link to the last page.

https://developers.ringcentral.com/guide/voice/call-log/finding-active-calls
"""

import call_log
import parameters

ALWAYS = (float('-inf'), float('inf'))


class ActiveCalls(call_log.RecordList):
    resource = 'active-calls'

    def endpoint(self, scope):
        return parameters.ACTIVE_CALLS

    def window(self, values):
        return ALWAYS

    def filters(self, values):
        """The reference documents filters; according to the guide there are none."""
        return super().filters(values) if self.options.active_filters else ()

    def source(self, scope):
        return self.dataset.active(scope)

    def links(self, number, last):
        return super().links(number, last) | {'lastPage': last}
