"""Code that no fence announces, told from prose by its lines.

Prose taken for code stays untranslated, code taken for prose is spoiled: what starts a block must be unmistakable,
what continues it need not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_STRONG = re.compile(
    r"""[ \t]*+(?:
    (?:import[ ][\w.]+(?:[ ]as[ ]\w+)?(?:,[ ]*[\w.]+)*;?|from[ ][\w.]+[ ]import[ ].+)\s*$
  | import[ ].+[ ]from[ ]['"]
  | \#(?:include\s*[<"]|define\s\w|ifn?def\s\w|!/) | using[ ]namespace[ ] | (?:using|package)[ ][\w.]+;
  | (?:async[ ])?def[ ]\w+\s*\( | class[ ](?:[A-Z_]\w*(?:\([^()]*\))?|\w+\([^()]*\)|\w+(?=\s*\{))\s*[:{]\s*$
  | (?:public|private|protected|static|void|int|double|float|char|bool|boolean|String)
      [ ](?:[^.?!]*[{;]|[^.?!(]*\w\([^()]*\))\s*$
  | (?:export[ ]|default[ ]|async[ ])*function\b\s*\w*\s*\( | (?:const|let|var)[ ][\w{}\[\], ]+\s*=
  | (?:for|while|if|switch|catch)\s*\(.*\)\s*\{?\s*$ | \}\s*(?:else|catch|finally|while)\b
  | for[ ]\w+(?:,[ ]*\w+)*[ ]in[ ](?:[^,]+:\s*$|range\()
  | (?:if|elif|while)[ ](?=[^,]*:\s*$)[^,]*?(?:[=!<>]=|[<>]|\(|[ ]in[ ]|[ ]not[ ])
  | (?:for|while|until)[ ].*;[ ]*do\s*$ | if[ ]\[.*\];?[ ]*(?:then)?\s*$
  | if[ ]__name__ | (?:else|try|finally):\s*$ | except\b[\w ,.()]*:\s*$ | return[ ][^.!?]*;\s*$
  | (?:print|println|printf|echo|console\.log|System\.out\.\w+|alert|document\.\w+)\( | echo[ ]["'$]
  | SELECT[ ].+?[ ]FROM[ ]\w | (?:SELECT|select)[ ](?:\*|[a-z_][\w.]*(?:,|\s*$)|[A-Z]+\()
  | (?:INSERT[ ]INTO|DELETE[ ]FROM)[ ]\w | UPDATE[ ]\w+[ ]SET[ ]
  | (?:CREATE|DROP|ALTER)[ ](?:TABLE|DATABASE|INDEX|VIEW)\b
  | WITH[ ]\w+[ ]AS[ ]\(
  | (?:pub[ ])?fn[ ]\w+\s*[(<] | func[ ](?:\([^)]*\)[ ])?\w+\s*\( | fun[ ]\w[\w.]*\s*\(
  | (?:local[ ])?function[ ][\w.:]+\s*\(
  | (?:let[ ]mut|my|local)[ ][$@%]?\w+\s*= | let[ ]\w+\s*:[ ]?[\w<>\[\]&]+\s*= | \$\w+\s*=[^=$]*;\s*$
  | \w[\w.]*[ ]<-[ ]
  | (?:package|namespace|module)[ ][\w.:\\]+\s*[;{]?\s*$ | use[ ]\w+(?:(?:::|\\)[\w{},* ]+)+;
  | (?:pub[ ]|export[ ]|abstract[ ])*(?:struct|enum|interface|impl|trait|type|union)\b[^.!?]*\{\s*$ | puts[ ]["'\w]
  | def[ ]\w+[?!]?\s*$ | (?:[\w<>*&\[\]]+[ ])+\w+\([^.!?]*\)\s*\{\s*$
  | \$[ ][a-z][\w./-]*+(?:\s|$) | >>>[ ] | PS[ ][A-Z]:\\ | \w+@[\w-]+:[^ ]*[$\#][ ]
  | diff[ ]--git[ ] | @@[ ]-\d | (?:---|\+\+\+)[ ](?:[ab]/|/dev/null)
  | (?:python3?|node|bash|sh|ruby|php|java|perl)[ ](?:-|[\w/-]*\.\w) | cd[ ][\w./~-]+\s*$ | export[ ]\w+=
  | (?:ls|rm|cp|mv|cat|chmod|curl|wget|tar|ssh|scp|grep|gcc|make|cargo|brew|yarn|kubectl)[ ](?:-{1,2}\w|https?:|run\b)
  | FROM[ ][\w./-]+(?::[\w.-]+)?(?:[ ]AS[ ]\w+)?\s*$
  | (?:WORKDIR|ENTRYPOINT)[ ] | RUN[ ][a-z] | COPY[ ]\S+[ ]\S+\s*$ | CMD[ ]\[
  | Exception[ ]in[ ]thread[ ]" | [A-Z][\w.]*[a-z](?:Error|Exception)\b(?::[ ]|\s*$) | \w+[ ]::[ ].*->
  | Traceback[ ]\(most | File[ ]"[^"]+",[ ]line[ ]\d | at[ ][\w$.<>]+\([\w$.]+(?::\d+)*\)\s*$
  | <\?(?:php|xml)\b | \\(?:documentclass|usepackage|begin|end|section|title|author|maketitle|newcommand)\b
  | (?:[A-Za-z_$][\w.$]*+(?:\[[^\]]*+\])?|[a-z_]\w*+(?:,[ ]*[a-z_]\w*+)+)
      \s*[-+*/]?=\s*(?:[\w.]+\(|\[|\{|['"f]['"]|['"][^'"]*['"];?\s*$|new[ ]|lambda\b
      |(?:None|True|False|null|true|false);?\s*$)
  | (?:\$[ ])?(?:sudo[ ]\w|pip3?[ ]install[ ]|npm[ ](?:install|run|init)|npx[ ]
      |git[ ](?:clone|add|commit|push|pull|checkout|init)\b
      |docker[ ](?:run|build|pull)\b|conda[ ](?:install|create|activate)\b
      |apt(?:-get)?[ ](?:install|update)\b|mkdir[ ][\w./-]+\s*$)
    )""",
    re.VERBOSE,
)
# What a line of code begins with that has no mark of `factory.text.passages.MARKS`.
FIRST_WORDS = (
    r"(?:[*+•]|-(?!--)|\d{1,3}[.)]|[ \t>])*"
    r"(?:import|from|using|use|package|namespace|module|async|def|class|public|private|protected"
    r"|static|void|int|double|float|char|bool|boolean|String|export|default|function|const|let|var|for|while|if|elif|switch"
    r"|catch|until|else|try|finally|except|return|print\w*|echo|alert|SELECT|select|WITH|INSERT|DELETE|UPDATE|CREATE|DROP"
    r"|ALTER|pub|fn|func|fun|local|my|abstract|struct|enum|interface|impl|trait|type|union|puts|PS|diff|Traceback|File|at"
    r"|sudo|pip3?|npm|npx|git|docker|conda|apt|mkdir|python3?|node|bash|sh|ruby|php|java|perl|cd|ls|rm|cp|mv|cat|chmod|curl"
    r"|wget|tar|ssh|scp|grep|gcc|make|cargo|brew|yarn|kubectl|FROM|WORKDIR|ENTRYPOINT|RUN|COPY|CMD|Exception|---|\+\+\+)(?![\w'’])"
)
_WEAK = re.compile(
    r"""[ \t]*+(?:
    [^.!?]*[;{}]\s*$ | [)}\]]++[;,]?\s*$ | [\w.\[\]'"$]++\s*[-+*/%]?=[^=] | @\w | [\w.]++\(.*[)\]][;:,]?\s*$
  | ["'][^"']*["']\s*: | (?:else|try|finally|do|then|begin|end|done|fi|esac)\b\s*[:;{]?\s*$
  | (?:elif|except|with|while|if|for)\b.*[:{;]\s*$
  | (?:return|yield|raise|pass|break|continue)\b.{0,60}$ | (?:import|from)[ ]
  | (?:FROM|WHERE|ORDER[ ]BY|GROUP[ ]BY|(?:LEFT[ ]|RIGHT[ ]|INNER[ ])?JOIN|HAVING|LIMIT|VALUES|ON|AND|SET)[ (]
    )""",
    re.VERBOSE,
)
_COMMENT = re.compile(r"[ \t]*+(?:#(?!#)|//|/\*|\*/|\*[ ]|--[ ]|%[ ])")
_LISTED = re.compile(r"\s*(?:[-*•+–◦▪‣]|\(?\w{1,3}[.)])\s")
_QUOTE = re.compile(r"(?:[ \t]*+>[ \t]?)*+")
_MARKER = re.compile(r"[ \t]*+(?:[-*+•]|\d{1,3}[.)])[ \t]++")
_SECTION, _SETTING = re.compile(r"\s*\[\[?[\w.\"-]+\]?\]"), re.compile(r"\s*[\w.\"-]+\s?=")
_KEY, _INNER_KEY = re.compile(r"\s*[a-z][\w-]*:"), re.compile(r"\s+[\w-]+:(?:\s|$)")
_SYMBOLS = re.compile(r"[{}();=<>$_\\/\[\]|`]")
_SIGNS = re.compile(rf"{_SYMBOLS.pattern}|\w\.(?=\w)|[*&+^~@]|:(?=\S|[^:;]*;)")
_COMMAND = re.compile(
    r"\s*(?:\$ )?(?:git|ls|cd|cp|mv|rm|cat|echo|chmod|chown|curl|wget|tar|ssh|scp|grep|sed|awk|find|sort|head|tail"
    r"|make|docker|kubectl|npm|npx|yarn|pip3?|python3?|node|bash|sh|sudo|apt(?:-get)?|brew|conda|cargo|mkdir|touch|export"
    r"|source|ps) [^A-Z.?!]*(?:[.-]\w[^A-Z?!]*)*$"
)
_SET = re.compile(r"\s*(?:- )?[a-z][\w-]*:(?:\s|$)")
_WORD = re.compile(r"[^\W\d_]{2,}")
_LONGEST = 1000  # characters of a line that are looked at


def is_code(line: str) -> bool:
    """Can the line be nothing but code?

    >>> is_code("for x in fruits:"), is_code("for example, in this case:")
    (True, False)
    """
    return _STRONG.match(line[:_LONGEST]) is not None


def looks_like_code(lines: Sequence[str]) -> bool:
    """Is this more likely code than prose, where code is expected?"""
    lines = [bare for line in lines if (bare := _bare(line)).strip()]
    if any(map(is_code, lines)):
        return True
    return sum(map(_continues, lines)) * 2 > len(lines)


def may_be_code(lines: Sequence[str]) -> bool:
    """Is it code rather than prose if nobody translated it? Every second line must have a sign for each word, or
    of several lines set a key.

    >>> may_be_code(["df.groupby('city').sum()"]), may_be_code(["See the note (below)."])
    (True, False)
    """
    lines = [line for line in lines if line.strip()]
    keys = len(lines) > 2
    likely = (_may_be_code(line) or (keys and _SET.match(line)) for line in lines)
    return sum(map(bool, likely)) * 2 >= len(lines)


def _may_be_code(line: str) -> bool:
    if is_code(line) or _continues(line) or _COMMAND.match(line[:_LONGEST]):
        return True
    return len(_SIGNS.findall(line)) >= max(1, len(_WORD.findall(line)))


def code_runs(lines: Sequence[str], starts_line: bool = True) -> dict[int, int]:
    """First line -> line after the last one, of every run of code lines and of every indented code block.

    `starts_line`: the first line is a whole one.
    """
    lines = [_bare(line) for line in lines]
    strong = [i for i, line in enumerate(lines) if (i or starts_line) and (is_code(line) or _opens(lines, i))]
    runs = _indented(lines, {*strong}, starts_line) if any(line[:1] in ("\t", " ") for line in lines) else {}
    end = 0
    for first in strong:
        if first < end:
            continue
        start = first
        keyed = _KEY.fullmatch(lines[first].rstrip()) is not None
        while start > end and start not in runs and _joins(lines[start - 1], keyed):
            start -= 1
        end = max(_run_end(lines, first), runs.get(start, 0))
        runs[start] = end
    return _apart(runs)


def _apart(runs: dict[int, int]) -> dict[int, int]:
    """Runs that overlap made one."""
    found: dict[int, int] = {}
    last = -1
    for start, end in sorted(runs.items()):
        if found and start < found[last]:
            found[last] = max(found[last], end)
        else:
            found[last := start] = end
    return found


def _bare(line: str) -> str:
    """The line without marks of quotes, and code without the marker of the list item that it begins."""
    if line.lstrip().startswith(">>>"):
        return line
    line = line[_QUOTE.match(line).end() :]  # type: ignore[union-attr]
    marker = _MARKER.match(line)
    if marker and is_code(line[marker.end() :]):
        return " " * marker.end() + line[marker.end() :]
    return line


def _opens(lines: Sequence[str], i: int) -> bool:
    """``body {`` and then ``color: red;``, ``[section]`` and then ``key = value``, ``key:`` and then an inner key."""
    line, following = lines[i].rstrip(), lines[i + 1] if i + 1 < len(lines) else ""
    if len(line) > 200 or line[-1:] not in ("{", "]", ":") or not following:
        return False
    if line[-1] == "{":
        return following.rstrip()[-1:] in (";", ",", "{", "}") and following[0] in (" ", "\t", "}")
    if line[-1] == "]":
        return _SECTION.fullmatch(line) is not None and _SETTING.match(following) is not None
    return _KEY.fullmatch(line) is not None and _INNER_KEY.match(following) is not None


def _joins(line: str, keyed: bool) -> bool:
    """Does the line belong to the code that follows, which begins with a key (`keyed`) or not?"""
    return _COMMENT.match(line) is not None or _continues(line) or (keyed and _SET.match(line) is not None)


def _continues(line: str) -> bool:
    return _WEAK.match(line[:_LONGEST]) is not None


def _run_end(lines: Sequence[str], first: int) -> int:
    base, end, i = _indent(lines[first]), first + 1, first + 1
    while i < len(lines):
        line = lines[i]
        if not line.strip():
            i += 1
            continue
        after_blank = i > end
        deeper = _indent(line) > base and not (after_blank and _LISTED.match(line))
        if not (is_code(line) or deeper or _continues(line) or (not after_blank and _COMMENT.match(line))):
            comment = _COMMENT.match(line) and not line.lstrip().startswith("# ")
            if not (comment and i + 1 < len(lines) and is_code(lines[i + 1])):
                break
        i += 1
        end = i
    return end


def _indented(lines: Sequence[str], strong: set[int], starts_line: bool) -> dict[int, int]:
    """Blocks of lines indented by four spaces after a blank line, within a list by four more than its items' text, but
    for indented prose."""
    found: dict[int, int] = {}
    content, after_blank, i = 0, starts_line, 0  # where the text of the list item in hand begins; 0: there is none
    while i < len(lines):
        line = lines[i]
        if not line.strip():
            i, after_blank = i + 1, True
        elif after_blank and _indent(line) >= content + 4:
            end = i
            while end < len(lines) and lines[end].strip() and _indent(lines[end]) >= content + 4:
                end += 1
            if not strong.isdisjoint(range(i, end)) or not _is_prose(lines[i:end]):
                found[i] = end
            i, after_blank = end, False
        else:
            if listed := _LISTED.match(line):
                content = len(listed[0].expandtabs(4))
            elif not line[0].isspace():
                content = 0
            i, after_blank = i + 1, False
    return found


def _is_prose(lines: Sequence[str]) -> bool:
    if _LISTED.match(lines[0]):
        return True
    text = "".join(lines)
    words = len(_WORD.findall(text))
    sentences = all(line.rstrip()[-1] in ".,;:!?…\"'”’" or not line.lstrip()[0].islower() for line in lines)
    return sentences and words >= 3 * len(lines) and len(_SYMBOLS.findall(text)) * 8 < words


def _indent(line: str) -> int:
    expanded = line[:80].expandtabs(4)
    return len(expanded) - len(expanded.lstrip(" "))
