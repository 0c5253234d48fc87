"""What is typed on a command line counts, all of it."""

import argparse
from collections.abc import Iterator

import pytest
from django.core.management import CommandError, get_commands, load_command_class

from almagest.registry.management.pairs import parse_pairs

COMMANDS = sorted(name for name, app in get_commands().items() if str(app).startswith("almagest"))


def _options(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                yield from _options(each)
        elif action.option_strings:
            yield action


@pytest.mark.parametrize("name", COMMANDS)
def test_an_option_that_takes_several_values_keeps_those_of_before(name):
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    several = [action for action in _options(parser) if action.nargs in ("+", "*")]
    assert [action.option_strings for action in several if not isinstance(action, argparse._ExtendAction)] == []


def test_parameters_are_read_in_pairs():
    assert parse_pairs(["epochs=5", "name=a=b"]) == {"epochs": "5", "name": "a=b"}
    with pytest.raises(CommandError, match="takes NAME=VALUE, not fast"):
        parse_pairs(["epochs=5", "fast"])
    with pytest.raises(CommandError, match="gives epochs more than once"):
        parse_pairs(["epochs=5", "epochs=6"])
