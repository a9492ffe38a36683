"""Rate limits: a sliding window per group, and a penalty that is prolonged by further requests.

The API counts per user and app; the simulator has one of each.

https://developers.ringcentral.com/guide/basics/rate-limits
"""

import collections
import threading
import time


class Bucket:
    def __init__(self):
        self.times = collections.deque()
        self.penalty_end = 0.0

    def admit(self, now, limit, window):
        while self.times and self.times[0] <= now - window:
            self.times.popleft()
        if now < self.penalty_end or len(self.times) >= limit:
            self.penalty_end = now + window
            return False
        self.times.append(now)
        return True


class RateLimiter:
    def __init__(self, options):
        self.options = options
        self.lock = threading.Lock()
        self.buckets = collections.defaultdict(Bucket)

    def admit(self, group):
        """Count a request; returns whether it is accepted, and the headers of the response."""
        limit, window = self.limit(group), self.options.rate_window
        with self.lock:
            bucket = self.buckets[group]
            passes = bucket.admit(time.monotonic(), limit, window)
            remaining = limit - len(bucket.times) if passes else 0
        return passes, [('X-Rate-Limit-Group', group), ('X-Rate-Limit-Limit', str(limit)),
                        ('X-Rate-Limit-Remaining', str(remaining)),
                        ('X-Rate-Limit-Window', str(window))]

    def limit(self, group):
        return getattr(self.options, f'rate_limit_{group}', 0) or self.options.rate_limit

    def clear(self):
        with self.lock:
            self.buckets.clear()
