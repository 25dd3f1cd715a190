"""The card's KV memory: pages, slabs, sharing. Plain tensors, so it is tested on a CPU."""

import pytest
import torch

from reader_service.torch_model.kv import KvShape
from reader_service.torch_model.paged_kv import PagedKv, PagePool

SHAPE = KvShape(layers=2, heads=2, head_dim=4, dtype=torch.float32)
PAGE_BYTES = 4 * 32 * 4


@pytest.fixture
def pool() -> PagePool:
    return PagePool(SHAPE, torch.device("cpu"), page_tokens=4, slab_pages=2)


def test_slabs_come_with_need_and_go_when_nobody_uses_them(pool):
    assert pool.allocated_bytes == 0
    first, second = PagedKv(pool, 9), PagedKv(pool, 4)
    assert (first.nbytes, second.nbytes, pool.allocated_bytes) == (3 * PAGE_BYTES, PAGE_BYTES, 4 * PAGE_BYTES)
    first.free()
    assert pool.allocated_bytes == 2 * PAGE_BYTES  # the slab that both had pages in
    second.free()
    assert pool.allocated_bytes == 0


def test_fuller_slabs_are_used_first(pool):
    kept = [PagedKv(pool, 4) for _ in range(6)]
    for number in (0, 3, 4, 5):  # one page in each of two slabs stays, one slab is empty
        kept[number].free()
    assert (pool.allocated_bytes, pool.free_pages) == (4 * PAGE_BYTES, 2)
    PagedKv(pool, 8)
    assert (pool.allocated_bytes, pool.free_pages) == (4 * PAGE_BYTES, 0)


def test_a_table_says_where_pages_lie(pool):
    kv = PagedKv(pool, 9)
    for number, page in enumerate(kv.own):
        pool.view(page).fill_(number)
        at = pool.anchor.data_ptr() + int(kv.table[number]) * 4
        assert at == pool.view(page).data_ptr()
    kv.length = 3
    first, second = kv.slots(2)
    assert (first - kv.own[0].offset, second - kv.own[1].offset) == (3 * 4, 0)


def test_a_branch_shares_full_pages_and_copies_the_begun_one(pool):
    document = PagedKv(pool, 7)
    document.length = 6
    pool.view(document.own[1]).normal_()
    branch = PagedKv(pool, 3, document)
    assert branch.length == 6
    assert branch.pages[0] is document.own[0]
    assert branch.pages[1] is not document.own[1]
    assert torch.equal(pool.view(branch.own[0]), pool.view(document.own[1]))
    assert branch.nbytes == 2 * PAGE_BYTES  # 2 tokens of the document's and 3 of its own
    before = pool.view(document.own[1]).clone()
    pool.view(branch.own[0]).zero_()
    assert torch.equal(pool.view(document.own[1]), before)
    branch.free()
    assert document.nbytes == 2 * PAGE_BYTES


def test_when_memory_runs_out_nothing_was_taken(pool, monkeypatch):
    PagedKv(pool, 4)
    held = pool.free_pages
    monkeypatch.setattr(pool, "_grow", lambda: (_ for _ in ()).throw(torch.OutOfMemoryError("CUDA out of memory")))
    with pytest.raises(torch.OutOfMemoryError):
        PagedKv(pool, 40)
    assert pool.free_pages == held


def test_new_pages_hold_numbers(pool):
    assert torch.equal(pool.view(PagedKv(pool, 4).own[0]), torch.zeros(32 * 4))
