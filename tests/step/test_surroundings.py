import logging
import warnings

import tqdm

from factory.step.surroundings import quiet_libraries


def test_nothing_but_errors_comes_through(capfd):
    log = logging.getLogger("some.library")
    log.addHandler(logging.StreamHandler())
    with quiet_libraries():
        log.warning("a warning")
        warnings.warn("another", stacklevel=1)
        logging.basicConfig(level=logging.DEBUG)
        assert list(tqdm.tqdm(range(3), desc="a bar")) == [0, 1, 2]
        assert list(tqdm.tqdm(range(2), "positional")) == [0, 1]
        log.error("an error")
    printed = capfd.readouterr()
    assert printed.out == "" and printed.err == "an error\n"
    log.warning("after")
    list(tqdm.tqdm(range(3), desc="a bar"))
    assert "after" in (printed := capfd.readouterr().err) and "a bar" in printed


def test_loguru_is_quiet_and_back_again():
    from loguru import logger

    seen = []
    sink = logger.add(seen.append, format="{message}")
    say = logger.patch(lambda record: None)
    exec(compile("say.info('hello')", "x", "exec"), {"say": say, "__name__": "llmcompressor.entry"})
    with quiet_libraries():
        exec(compile("say.info('hello')", "x", "exec"), {"say": say, "__name__": "llmcompressor.entry"})
    exec(compile("say.info('bye')", "x", "exec"), {"say": say, "__name__": "llmcompressor.entry"})
    logger.remove(sink)
    assert [message.strip() for message in seen] == ["hello", "bye"]
