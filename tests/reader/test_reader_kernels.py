"""The card's kernels, interpreted on a CPU in float32, against plain torch. What only a card can show (speed, graphs,
half precision) is in `benchmarks/gpu_checks.py`."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from reader_service.model import Chunk, Sampling, Step
from reader_service.positions import text_positions
from reader_service.settings import Settings
from reader_service.torch_model import splits
from reader_service.torch_model.attention import rotate
from reader_service.torch_model.kernels import attention, quantized, rows
from reader_service.torch_model.kv import KvShape
from reader_service.torch_model.linear import Dense
from reader_service.torch_model.load import load_model
from reader_service.torch_model.paged_kv import NOWHERE, PagedKv, PagePool
from reader_service.torch_model.steps import TorchSteps
from reader_service.torch_model.torch_reader import TorchReader
from reader_service.torch_model.tuning import Tiles
from tests.reader import tiny
from tests.reader.cardlike import cardlike
from tests.reader.meter import Meter

CPU = torch.device("cpu")
PLAIN = TorchSteps()


@pytest.fixture(autouse=True)
def _same_numbers_and_few_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interpreted program takes milliseconds; a card wants hundreds of them."""
    torch.manual_seed(0)
    monkeypatch.setattr(splits, "MOST_SPLITS", 1)


def over_pages(tokens: int, lengths: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """The kernel's result over pages of two slabs, and SDPA's over the same keys in one piece."""
    heads, kv_heads, dim, page = 4, 2, 8, 16
    shape = KvShape(2, kv_heads, dim, torch.float32)
    pool = PagePool(shape, CPU, page_tokens=page, slab_pages=2)
    kvs = [PagedKv(pool, max(1, length)) for length in lengths]
    for kv in kvs:
        for one in kv.own:
            pool.view(one).normal_()
    query = torch.randn(len(kvs) * tokens, heads, dim)
    tables = torch.tensor([kv.table.data_ptr() for kv in kvs])
    out = attention.attend(
        query, pool.anchor, pool.layer_elements, tables, torch.tensor(lengths), kv_heads=kv_heads, page=page
    )
    wanted = []
    for number, (kv, length) in enumerate(zip(kvs, lengths, strict=True)):
        live = torch.stack([pool.view(one).view(2, 2, kv_heads, page, dim)[1] for one in kv.own], 2)
        keys, values = live.reshape(2, kv_heads, -1, dim)[:, :, :length]
        seen = torch.arange(length) <= torch.arange(length - tokens, length)[:, None]
        mine = query[number * tokens : (number + 1) * tokens].transpose(0, 1)
        want = functional.scaled_dot_product_attention(mine[None], keys[None], values[None], seen, enable_gqa=True)[0]
        wanted.append(want.transpose(0, 1) if length else torch.zeros(tokens, heads, dim))
    return out, torch.cat(wanted)


@pytest.mark.parametrize(
    ("tokens", "lengths", "parts"),
    [
        pytest.param(1, [5, 40, 0], 1, id="tokens of three sequences, one without any"),
        pytest.param(1, [5, 40, 0], 4, id="the same in parts"),
        pytest.param(5, [37], 2, id="a question in parts"),
        pytest.param(20, [90], 4, id="a longer one in parts of two pages"),
        pytest.param(40, [40], 1, id="a chunk from the beginning"),
    ],
)
def test_paged_attention_equals_attention_over_one_piece(tokens, lengths, parts, monkeypatch):
    monkeypatch.setattr(attention, "splits_for", lambda *_: parts)
    torch.testing.assert_close(*over_pages(tokens, lengths), rtol=1e-4, atol=1e-5)


def test_a_row_without_a_sequence_reads_no_table():
    query, kv = torch.randn(1, 4, 8), torch.randn(16)
    nobody = torch.zeros(1, dtype=torch.int64)  # as graphs fill up: no tokens, and no table at this address
    assert not attention.attend(query, kv, 0, nobody, nobody, kv_heads=2, page=16).any()


def test_a_large_card_is_kept_busy(monkeypatch):
    monkeypatch.setattr(splits, "MOST_SPLITS", 64)
    assert [splits.splits_for(batch, 1, 28, 4) for batch in (1, 8, 32, 64)] == [64, 8, 2, 1]
    assert [splits.splits_for(1, tokens, 28, 4) for tokens in (16, 64, 2048)] == [33, 9, 1]


def test_split_attention_keeps_within_the_bytes_set_aside_for_it(monkeypatch):
    monkeypatch.setattr(splits, "MOST_SPLITS", 64)
    most = splits.split_bytes(2048, 28, 4, 128)
    for tokens in (1, 48, 300, 1000, 2048):
        parts = splits.splits_for(1, tokens, 28, 4)
        assert parts == 1 or tokens * 28 * parts * 129 * 4 <= most
    assert 0 < most < 64 * 2**20


def test_rows_equal_plain_torch():
    hidden, delta, weight = torch.randn(3, 50), torch.randn(3, 50), torch.randn(50)
    mine, theirs = hidden.clone(), hidden.clone()
    torch.testing.assert_close(rows.add_norm(mine, delta, weight, 1e-6), PLAIN.add_norm(theirs, delta, weight, 1e-6))
    torch.testing.assert_close(mine, theirs)
    torch.testing.assert_close(rows.add_norm(mine, None, weight, 1e-6), PLAIN.add_norm(theirs, None, weight, 1e-6))
    bias = torch.randn(50)
    centred = rows.add_norm(mine + 3.0, delta, weight, 1e-6, bias)
    torch.testing.assert_close(centred, PLAIN.add_norm(theirs + 3.0, delta, weight, 1e-6, bias))
    wide = torch.randn(3, 140)
    torch.testing.assert_close(rows.gate(wide.clone()), PLAIN.gate(wide))
    torch.testing.assert_close(rows.quick_gelu(wide.clone()), PLAIN.quick_gelu(wide.clone()))
    qkv, half = torch.randn(20, 3, 2, 12), torch.randn(20, 6)
    angles, theirs = torch.cat((half, half), 1), qkv.clone()
    rows.rotate_pages(qkv, angles.cos(), angles.sin())
    PLAIN.rotate_pages(theirs, angles.cos(), angles.sin())
    torch.testing.assert_close(qkv, theirs)
    table, tokens, drawn = (
        torch.randn(40, 50),
        torch.tensor([7, -1, 39, -3]),
        torch.tensor([5, 6, 38], dtype=torch.double),
    )
    torch.testing.assert_close(rows.embed_drawn(tokens, drawn, table), table[[7, 5, 39, 38]])
    torch.testing.assert_close(PLAIN.embed_drawn(tokens, drawn, table), table[[7, 5, 39, 38]])


def test_keys_and_values_land_in_their_slots_before_and_behind_the_anchor_and_nowhere_else():
    heads, kv_heads, dim, page = 2, 1, 4, 2
    memory = torch.zeros(64)
    anchor, slots = memory[32:], torch.tensor([-24, 8, NOWHERE])
    qkv, half = torch.randn(3, (heads + 2 * kv_heads) * dim), torch.randn(3, dim // 2)
    cos, sin = torch.cat((half, half), 1).cos(), torch.cat((-half.sin(), half.sin()), 1)
    query = rows.rotate_into_kv(qkv, (cos, sin), anchor, 0, slots, heads=heads, kv_heads=kv_heads, page=page)
    states = qkv.view(3, -1, dim)
    turned = rotate(states[:, :3], cos[:, None], sin[:, None])
    torch.testing.assert_close(query, turned[:, :heads])
    expected = torch.zeros(64)
    for token, start in ((0, 8), (1, 40)):
        expected[start : start + dim] = turned[token, heads]
        expected[start + page * dim : start + page * dim + dim] = states[token, 3]
    torch.testing.assert_close(memory, expected)


@pytest.mark.parametrize("count", [1, 5], ids=["one row", "some rows"])
def test_products_of_few_bits_equal_products_with_widened_weights(count):
    outputs, inputs = 24, 384
    packed = torch.randint(0, 256, (outputs, inputs // 2), dtype=torch.uint8)
    scales, zeros, bias = torch.rand(outputs, 3) * 0.1, torch.randn(outputs, 3) * 0.1, torch.randn(outputs)
    halves = packed.view(outputs, 3, 64)
    quants = torch.cat((halves & 15, halves >> 4), 2).float()
    wide = ((quants - 8) * scales[..., None] + zeros[..., None]).view(outputs, inputs)
    torch.testing.assert_close(quantized.widen_int4(packed, scales, zeros), wide)
    x = torch.randn(count, inputs)
    got = quantized.few_rows_int4(x, packed, scales, zeros, bias)
    if count == 1:
        alone = quantized.one_row_int4(x, packed, scales, zeros, bias, Tiles(8, 2, 4, 2))
        torch.testing.assert_close(alone, got, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(got, x @ wide.T + bias, rtol=1e-3, atol=1e-3)
    eight, one = torch.randint(-128, 128, (outputs, inputs), dtype=torch.int8), torch.rand(outputs) * 0.01
    got = quantized.few_rows_int8(x, eight, one, None)
    torch.testing.assert_close(got, x @ (eight.float() * one[:, None]).T, rtol=1e-3, atol=1e-3)


def test_a_product_of_one_row_needs_no_fewer_bits():
    x, weight, bias = torch.randn(1, 200), torch.randn(24, 200), torch.randn(24)
    got = quantized.one_row(x, weight, None, bias, Tiles(8, 128, 4, 2))
    chosen = Dense(weight, bias)
    chosen.how = Tiles(4, 256, 4, 1)
    torch.testing.assert_close(chosen(x), got)
    torch.testing.assert_close(got, functional.linear(x, weight, bias), rtol=1e-4, atol=1e-4)


@pytest.fixture(scope="module", params=[tiny.qwen, tiny.glm], ids=["qwen2_vl", "glm4v"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[TorchReader, TorchReader]:
    """The same checkpoint on the CPU's path and on the card's."""
    folder: Path = request.param(tmp_path_factory.mktemp("tiny"))
    plain, card = (load_model(Settings(model=str(folder), device="cpu")) for _ in range(2))
    return plain, cardlike(card)


def two_answers(model: TorchReader) -> tuple[torch.Tensor, list[list[int]]]:
    """What a page looks like to it, and two tokens of two questions about 17 tokens, drawn together."""
    seen = model.see([tiny.page(1, 56, 28)])
    document = model.document(17)
    model.prefill(document, Chunk(list(range(18, 35)), text_positions(0, 17), says=False))
    branches, drawn = [model.branch(document, 4) for _ in range(2)], []
    for number, branch in enumerate(branches):
        said = model.prefill(branch, Chunk([20 + number, 30], text_positions(17, 2)))
        drawn.append(model.draw(said, model.sampler(Sampling())).token)
    steps = [Step(kv, token, 19, model.sampler(Sampling())) for kv, token in zip(branches, drawn, strict=True)]
    seconds = [one.token for one in model.drawn(model.decode(steps))]
    assert [branch.length for branch in branches] == [branches[0].length] * 2
    for kv in (*branches, document):
        model.free(kv)
    return seen, [drawn, seconds]


def test_the_cards_path_sees_and_says_what_the_cpus_path_does(pair):
    plain, card = (two_answers(model) for model in pair)
    torch.testing.assert_close(card[0], plain[0], rtol=1e-4, atol=1e-4)
    assert card[1] == plain[1]
    assert pair[1].handed_kv_bytes() == 0


def test_a_step_that_follows_one_not_drawn_yet_says_what_it_would_have_said(pair):
    model = pair[1]
    assert model.runs_ahead
    document = model.document(6)
    model.prefill(document, Chunk([20, 21, 22, 23, 24, 25], text_positions(0, 6)))

    def three(*, ahead: bool) -> list[list[int]]:
        kvs, sampler = [model.branch(document, 4) for _ in range(2)], model.sampler(Sampling())
        first = model.decode([Step(kv, 30 + row, 6, sampler) for row, kv in enumerate(kvs)])
        told = [] if ahead else [[one.token for one in model.drawn(first)]]
        known = told[0] if told else [0, 0]
        # The other way round, so that rows and sequences are not the same.
        follow = [Step(kvs[row], known[row], 7, sampler, row if ahead else None) for row in (1, 0)]
        second = model.decode(follow)
        told = told or [[one.token for one in model.drawn(first)]]
        told.append([one.token for one in model.drawn(second)])
        third = model.decode([Step(kvs[row], told[1][1 - row], 8, sampler) for row in (0, 1)])
        told.append([one.token for one in model.drawn(third)])
        assert [kv.length for kv in kvs] == [9, 9]
        model.abandon(third)
        assert [kv.length for kv in kvs] == [8, 8]
        for kv in kvs:
            model.free(kv)
        model.abandon(third)
        assert [kv.length for kv in kvs] == [0, 0]
        return told

    assert three(ahead=True) == three(ahead=False)
    model.free(document)


def test_a_chunk_takes_no_more_than_its_formula(pair):
    decoder, tokens = pair[1]._parts.decoder, 32
    width, heads = decoder.embedding.shape[1], decoder.heads
    with torch.inference_mode(), Meter() as meter:
        seen, hidden = (torch.zeros(tokens, width) for _ in range(2))
        angles = [torch.zeros(tokens, 1, heads.dim) for _ in range(2)]
        decoder.forward(hidden, lambda layer, qkv: torch.zeros(tokens, heads.query * heads.dim))
    del seen, angles
    formula = pair[1].facts.costs.prefill_bytes_per_token
    assert 0.9 * formula < meter.peak / tokens <= formula
