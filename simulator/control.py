"""The control API under /simulator/, for tests to control the simulator and to read its log."""

import json

import data
import dates
import faults
import messages
import recordings
import truth

PREFIX = '/simulator/'

JSON = 'application/json'
CSV = 'text/csv;charset=utf-8'


def answer(simulator, request):
    """(status, content type, chunks) of a control request."""
    name = request.path[len(PREFIX):]
    route = ROUTES.get((request.method, name))
    if route is None:
        return json_answer({'error': f'no such control: {request.method} {name}'}, 404)
    try:
        return route(simulator, dict(request.parameters()), request.body)
    except (ValueError, TypeError, KeyError) as error:
        return json_answer({'error': str(error)}, 400)


def json_answer(value, status=200):
    return status, JSON, [messages.to_json(value)]


def scope(parameters):
    """The listing named by `level` and `extension`; the token's owner is the default extension."""
    level = parameters.pop('level', 'account')
    extension = int(parameters.pop('extension', data.OWNER.id))
    if level == 'account':
        return data.ACCOUNT
    if level != 'extension' or extension not in data.EXTENSION_IDS:
        raise ValueError('level is account or extension, extension one of the known ids')
    return extension


def requests(simulator, parameters, body):
    return json_answer(simulator.log.take(clear=parameters.get('clear') == 'true'))


def foreign_requests(simulator, parameters, body):
    return json_answer(simulator.foreign_log.take(clear=parameters.get('clear') == 'true'))


def get_urls(simulator, parameters, body):
    return json_answer(simulator.urls)


def get_faults(simulator, parameters, body):
    return json_answer(simulator.faults.shown())


def add_fault(simulator, parameters, body):
    simulator.faults.add(faults.Fault(body=body, **parameters))
    return get_faults(simulator, parameters, body)


def clear_faults(simulator, parameters, body):
    simulator.faults.clear()
    return get_faults(simulator, parameters, body)


def add_record(simulator, parameters, body):
    start = dates.parse_milliseconds(parameters['startTime'])
    simulator.dataset.inject(scope(parameters), start, body)
    return json_answer({})


def clear_records(simulator, parameters, body):
    simulator.dataset.clear_injected()
    return json_answer({})


def rewrite(simulator, parameters, body):
    record_id = parameters.pop('id')
    simulator.dataset.rewrite(record_id, members(parameters))
    return json_answer({'id': record_id})


def appear(simulator, parameters, body):
    start = parameters.pop('startTime', None)
    start = start and dates.parse_milliseconds(start)
    return json_answer({'id': simulator.dataset.appear(start, members(parameters))})


def delete(simulator, parameters, body):
    simulator.dataset.delete(parameters['id'])
    return json_answer({'id': parameters['id']})


def defect(simulator, parameters, body):
    recording_id = parameters.pop('id')
    defects = simulator.api.recordings.defects
    if parameters == {'state': 'ready'}:
        defects.pop(recording_id, None)
    else:
        defects[recording_id] = recordings.Defect(**parameters)
    return json_answer({'id': recording_id})


def members(parameters):
    """Members of a record from their JSON, or from plain text."""
    return {name: member(text) for name, text in parameters.items()}


def member(text):
    try:
        return json.loads(text, parse_float=data.exact)
    except ValueError:
        return text


def get_options(simulator, parameters, body):
    return json_answer(simulator.options.shown())


def set_options(simulator, parameters, body):
    simulator.options.set(parameters)
    simulator.api.forget()
    return get_options(simulator, parameters, body)


def reset(simulator, parameters, body):
    simulator.reset(parameters)
    return json_answer({})


def get_churn(simulator, parameters, body):
    return json_answer(simulator.serializer.shown())


def start_churn(simulator, parameters, body):
    simulator.serializer.start(**parameters)
    return get_churn(simulator, parameters, body)


def stop_churn(simulator, parameters, body):
    shown = get_churn(simulator, parameters, body)
    simulator.serializer.stop()
    return shown


def get_history(simulator, parameters, body):
    wanted = scope(parameters)
    history = simulator.serializer.history
    if history is None:
        raise ValueError('there is no history without churn')
    first, last = (int(parameters.get(name, default))
                   for name, default in (('from', 1), ('to', history.request)))
    whole = parameters.get('records') == 'true'
    with simulator.serializer.lock:
        shown = history.shown(simulator.api.renderer, wanted, first, last, whole)
    return 200, JSON, [shown]


def get_truth(simulator, parameters, body):
    wanted = scope(parameters)
    resource = parameters.get('resource', 'call_log')
    if resource not in TRUTHS:
        raise ValueError(f'resource is one of: {", ".join(TRUTHS)}')
    texts = texts_of(simulator.api, wanted, resource, parameters.get('deleted') == 'true')
    if parameters.get('format') == 'json':
        return 200, JSON, truth.json_lines(texts)
    return 200, CSV, TRUTHS[resource](simulator.api, texts, parameters.get('view', 'detailed'))


def texts_of(api, wanted, resource, deleted):
    """The JSON of all records of a resource."""
    if resource == 'extensions':
        return api.directory.own()
    if resource == 'messages':
        return [message.render(None, None) for message in api.message_store.source(wanted).records
                if deleted or not message.deleted]
    source = api.active_calls.source if resource == 'active_calls' else api.call_log.source
    records = [record for record in source(wanted).records if deleted or not record.deleted]
    return api.renderer.records(wanted, records, 'Detailed')


TRUTHS = {
    'call_log': lambda api, texts, view: truth.calls(texts, view),
    'active_calls': lambda api, texts, view: truth.calls(texts, view),
    'call_log_legs': lambda api, texts, view: truth.legs(texts),
    'recordings': lambda api, texts, view: truth.recordings(texts, api.recordings),
    'extensions': lambda api, texts, view: truth.extensions(texts),
    'messages': lambda api, texts, view: truth.messages(texts),
}

ROUTES = {
    ('GET', 'requests'): requests,
    ('GET', 'foreign-requests'): foreign_requests,
    ('GET', 'urls'): get_urls,
    ('GET', 'faults'): get_faults,
    ('POST', 'faults'): add_fault,
    ('DELETE', 'faults'): clear_faults,
    ('POST', 'records'): add_record,
    ('DELETE', 'records'): clear_records,
    ('POST', 'rewrite'): rewrite,
    ('POST', 'appear'): appear,
    ('POST', 'delete'): delete,
    ('POST', 'recording'): defect,
    ('GET', 'options'): get_options,
    ('POST', 'options'): set_options,
    ('POST', 'reset'): reset,
    ('GET', 'churn'): get_churn,
    ('POST', 'churn'): start_churn,
    ('DELETE', 'churn'): stop_churn,
    ('GET', 'history'): get_history,
    ('GET', 'truth'): get_truth,
}
