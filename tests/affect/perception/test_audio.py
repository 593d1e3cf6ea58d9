"""Hostile bytes become a clean sound or one typed error; the attacks of the notes, one by one."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from affect.errors import MediaRejected
from affect.perception import audio
from affect.perception.audio import RATE, Sound, decode
from tests.affect.perception.sounds import FORMATS, encoded, noise, pcm, tone, wav

KINDS = {"empty", "too_big", "not_audio", "broken", "too_long", "odd_format", "no_decoder"}


def rejected(data: bytes) -> str:
    with pytest.raises(MediaRejected) as caught:
        decode(data)
    assert caught.value.kind in KINDS
    return caught.value.kind


def outcome(data: bytes) -> Sound | str:
    try:
        return decode(data)
    except MediaRejected as wrong:
        return wrong.kind


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_of_a_voice_note_is_heard(kind: str) -> None:
    sound = decode(encoded(tone(1.0), kind))
    assert sound.seconds == pytest.approx(1.0, abs=0.06)
    spectrum = np.abs(np.fft.rfft(sound.samples))
    assert np.argmax(spectrum) * RATE / len(sound.samples) == pytest.approx(440, abs=5)
    assert 0.4 < np.max(np.abs(sound.samples)) < 0.65


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
def test_every_rate_becomes_one(rate: int) -> None:
    sound = decode(encoded(tone(0.5, rate=rate), "wav", rate))
    assert sound.seconds == pytest.approx(0.5, abs=0.01)
    assert sound.samples.dtype == np.float32


def test_what_is_too_high_to_keep_does_not_come_back_as_a_false_tone() -> None:
    high = decode(encoded(tone(0.5, hertz=11_000), "wav"))
    low = decode(encoded(tone(0.5, hertz=3_000), "wav"))
    inner = slice(400, -400)
    assert np.std(high.samples[inner]) < 0.01 * np.std(low.samples[inner])


def test_what_is_low_is_not_mirrored_upwards() -> None:
    sound = decode(encoded(tone(1.0, hertz=3_000, rate=8_000), "wav", 8_000))
    second = sound.samples[: RATE - 100]
    spectrum = np.abs(np.fft.rfft(second * np.hanning(len(second)), RATE))  # 1 Hz a step
    assert spectrum[5_000] < 0.001 * spectrum[3_000]


@pytest.mark.parametrize("kind", ["ogg", "vorbis", "mp3"])
def test_a_shout_is_cut_off_at_full_scale_and_does_not_wrap(kind: str) -> None:
    shout = np.sign(tone(0.5, hertz=300)).astype(np.float32)  # decodes to more than full scale
    heard = decode(encoded(shout, kind)).samples[RATE // 10 : -RATE // 10]
    plain = decode(encoded(np.float32(0.5) * shout, kind)).samples[RATE // 10 : -RATE // 10]
    assert np.mean(np.sign(heard) == np.sign(plain)) > 0.99


def test_numbers_that_are_none_become_silence() -> None:
    import soundfile

    samples = tone(0.5, rate=RATE)
    samples[100], samples[200], samples[300] = np.nan, np.inf, 1e38
    out = io.BytesIO()
    soundfile.write(out, samples, RATE, format="WAV", subtype="FLOAT")
    assert np.all(np.abs(decode(out.getvalue()).samples) <= 1)


def test_two_microphones_become_one() -> None:
    left = tone(0.5)
    both = decode(encoded(np.stack([left, np.zeros_like(left)], axis=1), "wav"))
    alone = decode(encoded(left, "wav"))
    assert np.std(both.samples) == pytest.approx(np.std(alone.samples) / 2, rel=0.02)


def test_a_file_that_breaks_off_is_heard_as_far_as_it_goes() -> None:
    whole = encoded(noise(4.0, 48_000), "ogg")
    assert 0.5 < decode(whole[: len(whole) // 2]).seconds < 3.0


def test_a_header_that_lies_about_its_length_is_not_believed() -> None:
    data = pcm(tone(1.0, rate=16_000))
    assert decode(wav(data, told=0xFFFFFFF0)).seconds == pytest.approx(1.0, abs=0.01)
    assert rejected(wav(data, told=0)) == "broken"


def test_the_last_granule_of_an_ogg_may_lie() -> None:
    whole = bytearray(encoded(noise(2.0, 48_000), "ogg"))
    last = bytes(whole).rfind(b"OggS")
    whole[last + 6 : last + 14] = (1000 * 3600 * 48_000).to_bytes(8, "little")
    heard = outcome(bytes(whole))  # its checksum is wrong now: refused, or short
    assert heard in KINDS if isinstance(heard, str) else heard.seconds < 600


@pytest.mark.parametrize(
    ("rate", "channels"), [(1, 1), (4_000_000_000, 1), (7_999, 1), (96_000, 1), (16_000, 65_535)]
)
def test_rates_and_channels_of_no_microphone_are_refused(rate: int, channels: int) -> None:
    assert rejected(wav(pcm(noise(1.0)), rate=rate, channels=channels)) in {"odd_format", "broken"}


def test_four_hours_of_silence_end_at_ten_minutes() -> None:
    block = np.zeros(48_000 * 60, dtype=np.float32)
    out = io.BytesIO()
    import soundfile

    with soundfile.SoundFile(out, "w", 8_000, 1, format="FLAC", subtype="PCM_16") as file:
        for _ in range(40):  # forty minutes are enough to show it
            file.write(block)
    assert rejected(out.getvalue()) == "too_long"


@pytest.mark.parametrize(
    "text",
    [
        "ffconcat version 1.0\nfile other.wav\n",
        "ffconcat version 1.0\nfile /etc/passwd\n",
        "#EXTM3U\n#EXTINF:1,\nother.ts\n",
        "#EXTM3U\n#EXTINF:1,\nconcat:other.ts|/etc/passwd\n",
        "#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/other.ts\n",
        "<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'/>",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n",
    ],
)
def test_playlists_are_not_sounds(text: str) -> None:
    assert rejected(text.encode()) == "not_audio"


def test_what_is_no_sound_is_refused() -> None:
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as file:
        file.writestr("note.ogg", "hello")
    assert rejected(b"") == "empty"
    assert rejected(zipped.getvalue()) == "not_audio"
    assert rejected(b"\x01" + np.random.default_rng(1).bytes(4_000)) == "not_audio"
    assert rejected(b"OggS" + bytes(36)) == "broken"
    assert rejected(b"OggS" + bytes(audio.MOST_BYTES)) == "too_big"
    assert rejected(encoded(noise(0.5), "flac")[:40]) == "broken"


@pytest.mark.parametrize("kind", FORMATS)
def test_mutated_files_are_heard_or_refused(kind: str) -> None:
    random = np.random.default_rng(20261124)
    whole = encoded(noise(0.3, 48_000), kind)
    for _ in range(60):
        data = bytearray(whole)
        for at in random.integers(0, len(data), size=random.integers(1, 20)):
            data[at] = random.integers(0, 256)
        cut = int(random.integers(1, len(data) + 1))
        heard = outcome(bytes(data[:cut]))
        if isinstance(heard, str):
            assert heard in KINDS
        else:
            assert np.all(np.abs(heard.samples) <= 1)  # so none is NaN
            assert heard.seconds <= audio.MOST_SECONDS


def test_decoding_opens_nothing_beside_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "other.wav").write_bytes(encoded(tone(1.0), "wav"))
    assert rejected(b"ffconcat version 1.0\nfile other.wav\n") == "not_audio"
