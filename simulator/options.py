"""The options: one table for the command line, the control API and the defaults."""

import argparse
import collections

import dates
import hosts

# When an option can be set: at the start only, with a new data set, at any time
START, RESET, ANY_TIME = range(3)

Option = collections.namedtuple('Option', 'name type default help choices when',
                                defaults=(None, ANY_TIME))


def switch(text):
    """Parse a boolean in any notation."""
    words = {'on': True, 'true': True, '1': True, 'off': False, 'false': False, '0': False}
    if text.lower() not in words:
        raise ValueError(f'not a boolean: {text}')
    return words[text.lower()]


def natural(text):
    number = int(text)
    if number < 0:
        raise ValueError(f'negative: {text}')
    return number


def words(text):
    return ' '.join(text.replace(',', ' ').split())


def clock(text):
    if text != 'real':
        dates.parse(text)
    return text


OPTIONS = (
    Option('calls', natural, 12000, 'number of calls', when=RESET),
    Option('seed', int, 1, 'seed of the data set', when=RESET),
    Option('days', natural, 400, 'days over which the calls are spread', when=RESET),
    Option('span', natural, 0, 'seconds over which the calls are spread, instead of days', when=RESET),
    Option('youngest', natural, 180, 'age of the newest call in seconds', when=RESET),
    Option('people', natural, 40, 'number of people in the directory without calls', when=RESET),
    Option('messages', natural, 800, 'number of messages that belong to no call', when=RESET),
    Option('everyday', switch, False, 'calls during office hours, with names that are easy to read',
           when=RESET),
    Option('clock', clock, 'real', 'a timestamp freezes the clock of the API', when=START),
    Option('tls_cert', str, None, 'PEM file with the certificate: serve https', when=START),
    Option('tls_key', str, None, 'PEM file with the private key', when=START),
    Option('exit_with_parent', switch, False, 'end when the parent process ends', when=START),
    Option('rate_limit', natural, 1_000_000, 'requests of the group heavy per window, and of each '
           'other group without a limit of its own'),
    Option('rate_limit_medium', natural, 0, 'requests of the group medium; 0: as rate_limit'),
    Option('rate_limit_light', natural, 0, 'requests of the group light; 0: as rate_limit'),
    Option('rate_limit_auth', natural, 0, 'requests of the group auth; 0: as rate_limit'),
    Option('rate_window', natural, 60, 'window and penalty in seconds'),
    Option('token_ttl', natural, 3600, 'life of an access token in seconds'),
    Option('sessions', natural, 0, 'sessions of the user; one more ends the oldest; 0: any number'),
    Option('scope', words, 'ReadCallLog ReadCallRecording ReadAccounts ReadMessages',
           'permissions of the application, in a list with commas'),
    Option('denied', words, '', 'permissions that the user lacks, in a list with commas'),
    Option('page_ceiling', natural, 1000, 'a greater page number is refused'),
    Option('max_per_page', natural, 1000, 'a greater perPage is lowered to this'),
    Option('bounds', str, 'inclusive', 'how dateFrom and dateTo compare with the start time',
           choices=('inclusive', 'exclusive', 'seconds')),
    Option('short_pages', switch, False, 'cut pages before filtering them'),
    Option('empty_last_page', switch, True, 'an exactly full last page offers a next page'),
    Option('active_filters', switch, True, 'the list of active calls heeds its filters'),
    Option('directory_page', natural, 1000, 'what a page of the directory has at most'),
    Option('directory_all', switch, True, 'perPage=all has everything on one page'),
    Option('deleted_messages', switch, False, 'the message store shows deleted ones, too, where '
           'availability is not given'),
    Option('multipart_quoted', switch, False, 'quote the boundary of a multipart answer'),
    Option('multipart_json', switch, False, 'answer a batch as JSON, regardless of Accept'),
    Option('sync_tokens_expire', switch, False, 'no synchronization token is accepted any more'),
    Option('sync_error_code', str, 'own', 'the code of every refusal of a synchronization token',
           choices=('own', 'CLG-101', 'CLG-102', 'CLG-103', 'CLG-104', 'CLG-105', 'CMN-101')),
    Option('sync_frame', str, 'all', 'call-log-sync: changes of all calls, or of those that began '
           'after the oldest record of the FSync', choices=('all', 'records')),
    Option('sync_repeats', switch, False, 'synchronizations send two versions of each record'),
    Option('sync_modified', str, 'own', 'lastModifiedTime in synchronizations: each version its '
           'own, equal for both of sync_repeats, or missing', choices=('own', 'equal', 'missing')),
    Option('tombstones', switch, False, 'synchronizations say of a deleted record no more than its '
           'id, its uri and that it is deleted'),
    Option('extract_reach', natural, 0, 'days that dateFrom of the extract sync may go back'),
    Option('extract_deleted', str, 'refused', 'call-log-extract-sync refuses showDeleted, or takes '
           'it, or refuses it and has deleted records in every ISync',
           choices=('refused', 'parameter', 'always')),
    Option('deleted_by_id', switch, True, 'deleted records are found by id'),
    Option('record_parameter', str, 'callRecordId', 'parameterName of a record that is not found',
           choices=('callRecordId', 'none')),
    Option('recording_parameter', str, 'recordingId', 'parameterName of a recording that is '
           'not found', choices=('recordingId', 'callRecordingId', 'callRecordId', 'none')),
    Option('recordings_kept', natural, 90, 'days until a recording is gone'),
    Option('media_ranges', switch, True, 'the media host heeds the header Range'),
    Option('content_uri_host', str, hosts.MEDIA, 'the host that every contentUri names',
           choices=(hosts.MEDIA, hosts.FOREIGN)),
    Option('latency', natural, 0, 'milliseconds before an answer'),
    Option('gzip_min', natural, 200, 'bytes from which a body is compressed'),
)


class Options:
    """The values, as attributes."""

    def __init__(self, **values):
        self.start = {option.name: option.default for option in OPTIONS} | values
        self.reset()

    def reset(self):
        self.__dict__.update(self.start)

    def set(self, changes, when=ANY_TIME):
        """Apply {name: text}, all or nothing; ValueError names what is wrong."""
        self.__dict__.update({name: read(name, text, when) for name, text in changes.items()})

    def dataset_options(self):
        """The options that the data set depends on."""
        return tuple(getattr(self, option.name) for option in OPTIONS if option.when == RESET)

    def shown(self):
        return {option.name: getattr(self, option.name) for option in OPTIONS}


def read(name, text, when):
    option = next((row for row in OPTIONS if row.name == name and row.when >= when), None)
    if option is None:
        raise ValueError(f'not an option that can be changed now: {name}')
    value = option.type(text)
    if option.choices and value not in option.choices:
        raise ValueError(f'{name} must be one of: {", ".join(option.choices)}')
    return value


def from_command_line(arguments=None):
    parser = argparse.ArgumentParser(
        prog='simulator', description='A stand-in for the RingCentral Call Log API.')
    for option in OPTIONS:
        flag = '--' + option.name.replace('_', '-')
        if option.type is switch:
            parser.add_argument(flag, action=argparse.BooleanOptionalAction,
                                default=option.default, help=option.help)
        else:
            parser.add_argument(flag, type=option.type, default=option.default,
                                choices=option.choices, help=option.help)
    parsed = parser.parse_args(arguments)
    if bool(parsed.tls_cert) != bool(parsed.tls_key):
        parser.error('--tls-cert and --tls-key belong together')
    return Options(**vars(parsed))
