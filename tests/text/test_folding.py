"""Which texts are the same text."""

import hashlib

import numpy as np

from textcl.text.folding import identities


def test_equal_numbers_are_equal_texts_white_space_and_case_aside():
    first, second, third, fourth = identities(["The  Straße\n", "the STRASSE", "the strasse.", "thestrasse"])
    assert first == second
    assert len({first, third, fourth}) == 3


def test_a_number_is_the_signed_64_bit_blake2b_of_the_folded_text():
    expected = np.frombuffer(hashlib.blake2b(b"two words", digest_size=8).digest(), dtype=">i8")[0]
    numbers = identities(iter([" Two\twords "]))
    assert numbers.dtype == np.int64
    assert numbers.tolist() == [int(expected)]


def test_no_texts_give_no_numbers():
    assert identities([]).shape == (0,)


def test_many_different_texts_have_different_numbers():
    assert len(set(identities(f"text {number}" for number in range(20_000)).tolist())) == 20_000
