"""What failures are called: from the peers' statuses to ours, and from ours to the client's exceptions."""

import grpc
import pytest
from glyphstream import errors as clients

from gateway import errors
from gateway.clients.calls import BY_REASON, calling, error_of
from gateway.deadline import Deadline
from gateway.servicer import TABLE
from serving.status import BUG, Failure, Row

CODE = grpc.StatusCode


def leaves(kind):
    children = kind.__subclasses__()
    return [kind] if not children else [leaf for child in children for leaf in leaves(child)]


@pytest.mark.parametrize("kind", leaves(errors.GatewayError), ids=lambda kind: kind.__name__)
def test_every_error_has_a_row(kind):
    assert isinstance(TABLE[kind], Row)


@pytest.mark.parametrize(
    ("kind", "code", "reason"),
    [
        (errors.InvalidDocument, CODE.INVALID_ARGUMENT, "INVALID_DOCUMENT"),
        (errors.DocumentTooLong, CODE.INVALID_ARGUMENT, "DOCUMENT_TOO_LONG"),
        (errors.InvalidPages, CODE.INTERNAL, "INTERNAL"),
        (errors.InvalidQuestion, CODE.INVALID_ARGUMENT, "INVALID_QUESTION"),
        (errors.InvalidRequest, CODE.INVALID_ARGUMENT, "INVALID_REQUEST"),
        (errors.UnknownModel, CODE.NOT_FOUND, "MODEL_NOT_FOUND"),
        (errors.BadToken, CODE.UNAUTHENTICATED, "BAD_TOKEN"),
        (errors.ForeignPage, CODE.UNAUTHENTICATED, "FOREIGN_PAGE"),
        (errors.DocumentNotFound, CODE.NOT_FOUND, "DOCUMENT_NOT_FOUND"),
        (errors.DoesNotFit, CODE.OUT_OF_RANGE, "DOES_NOT_FIT"),
        (errors.GpuOutOfMemory, CODE.RESOURCE_EXHAUSTED, "GPU_OUT_OF_MEMORY"),
        (errors.DocumentNotResident, CODE.UNAVAILABLE, "READER_BUSY"),
        (errors.ReaderBusy, CODE.UNAVAILABLE, "READER_BUSY"),
        (errors.RendererBusy, CODE.UNAVAILABLE, "RENDERER_BUSY"),
        (errors.Draining, CODE.UNAVAILABLE, "DRAINING"),
        (errors.Warming, CODE.UNAVAILABLE, "WARMING"),
        (errors.RendererLost, CODE.UNAVAILABLE, "RENDERER_LOST"),
        (errors.ReaderLost, CODE.UNAVAILABLE, "READER_LOST"),
        (errors.GpuLost, CODE.UNAVAILABLE, "GPU_LOST"),
        (errors.DeadlineExceeded, CODE.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED"),
    ],
)
def test_the_rows(kind, code, reason):
    assert TABLE[kind] == Row(code, reason)


@pytest.mark.parametrize(
    ("code", "reason", "kind"),
    [
        pytest.param(CODE.RESOURCE_EXHAUSTED, "GPU_OUT_OF_MEMORY", errors.GpuOutOfMemory, id="by reason"),
        pytest.param(CODE.UNAVAILABLE, "", errors.ReaderLost, id="nobody there"),
        pytest.param(CODE.DEADLINE_EXCEEDED, "", errors.DeadlineExceeded, id="grpc's own deadline"),
        pytest.param(CODE.RESOURCE_EXHAUSTED, "", RuntimeError, id="message over the limit is no lack of memory"),
        pytest.param(CODE.INVALID_ARGUMENT, "INVALID_PAGES", errors.InvalidPages, id="whose mistake the table says"),
        pytest.param(CODE.INVALID_ARGUMENT, "", RuntimeError, id="our own mistake"),
        pytest.param(CODE.INTERNAL, "INTERNAL", RuntimeError, id="a peer's bug"),
    ],
)
def test_what_a_peers_status_means(code, reason, kind):
    assert type(error_of(Failure(code, reason, "said"), errors.ReaderLost)) is kind


def test_what_travels_beside_a_reason_is_kept():
    failed = Failure(CODE.UNAVAILABLE, "READER_BUSY", "full", {"a": "b"}, 2.0)
    error = error_of(failed, errors.ReaderLost)
    assert (str(error), error.metadata, error.retry_after_s) == ("full", {"a": "b"}, 2.0)


def test_reasons_are_unambiguous():
    assert BY_REASON["READER_BUSY"] is errors.ReaderBusy
    assert len({kind.reason for kind in leaves(errors.GatewayError)}) == len(leaves(errors.GatewayError))


def test_every_public_code_has_a_kind_of_exception_at_the_client():
    public = {row.code for row in TABLE.values() if row is not BUG}  # what has no kind is a bug over there
    by_reason = {TABLE[kind].code for kind in TABLE if TABLE[kind].reason in clients.BY_REASON}
    assert public <= by_reason | set(clients.BY_CODE)


@pytest.mark.parametrize(
    ("late", "kind"),
    [
        pytest.param(False, clients.Unavailable, id="the peer is gone"),
        pytest.param(True, clients.DeadlineExceeded, id="the time was up"),
    ],
)
def test_what_a_failed_write_masked_is_no_fault_of_a_service(late, kind):
    nothing = grpc.aio.Metadata()
    masked = grpc.aio.AioRpcError(CODE.INTERNAL, nothing, nothing, details="Internal error from Core")
    error = clients.error_of(masked, late=late)
    assert (type(error), error.worth_retrying) == (kind, not late)
    other = grpc.aio.AioRpcError(CODE.INTERNAL, nothing, nothing, details="a bug")
    assert type(clients.error_of(other, late=late)) is clients.ServiceFault


class Written:
    """A call whose writing failed, with so much of its time left."""

    def __init__(self, left_s):
        self.left_s, self.cancelled = left_s, False

    def __call__(self, _request, *, timeout, metadata):
        return self

    def time_remaining(self):
        return self.left_s

    def cancel(self):
        self.cancelled = True


@pytest.mark.parametrize(("left_s", "kind"), [(0, errors.DeadlineExceeded), (5.0, errors.ReaderLost)])
async def test_a_call_whose_time_ran_out_while_it_wrote_is_late_and_not_lost(left_s, kind):
    nothing, call = grpc.aio.Metadata(), Written(left_s)
    with pytest.raises(kind):
        async with calling(call, None, Deadline(5.0), errors.ReaderLost):
            raise grpc.aio.AioRpcError(CODE.INTERNAL, nothing, nothing, details="Internal error from Core")
    assert call.cancelled
