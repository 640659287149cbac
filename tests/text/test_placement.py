from __future__ import annotations

import pytest

from factory.text.placement import misplaced

TABLE = "| year | cars |\n| --- | --- |\n| 2019 | 140 |\n| 2020 | 155 |"


@pytest.mark.parametrize(
    ("source", "target", "found"),
    [
        (TABLE, "| السنة | السيارات |\n| --- | --- |\n| 2019 | 140 |\n| 2020 | 155 |", False),
        (TABLE, "| السنة | السيارات |\n| --- | --- |\n| 140 | 2019 |\n| 155 | 2020 |", True),
        (TABLE, "| السنة | السيارات |\n| --- | --- |\n| 2020 | 140 |\n| 2019 | 155 |", True),
        (TABLE, "| السنة | السيارات |\n| --- | --- |\n| ٢٠١٩ | ١٥٥ |\n| ٢٠٢٠ | ١٤٠ |", True),
        ("- apples: 3\n- pears: 12", "- تفاح: 12\n- كمثرى: 3", True),
        ("In 1990 it rose.\nIn 1995 it fell.", "Elle monte en 1990.\nElle baisse en 1995.", False),
        ("Of 12 people 5 came.\nAll ate.", "5 sur 12 sont venus.\nTous ont mangé.", False),
        ("In 1990 it rose to 12.\nIt fell.", "Elle monte à 12.\nEn 1990 elle baisse.", False),  # one went on
        ("1990 and 1995\nare years", "1995 et 1990 sont\ndes années", False),
        ("In 1990, 1995.", "1995, 1990", False),
    ],
)
def test_numbers_in_other_lines_and_cells(source, target, found):
    assert misplaced(source, target) is found
