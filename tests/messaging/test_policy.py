from regulars.kit.text import Text
from regulars.messaging.policy import kept, render
from regulars.messaging.templates import TEMPLATES
from regulars.messaging.types import Template

BRAND = Text("晨光百货", "Morning Store")


def test_a_code_is_said_in_the_reader_s_language():
    subject, body = render(TEMPLATES["one_time_code"], {"brand": BRAND, "code": "012345", "minutes": 5}, "zh")
    assert subject == "晨光百货 验证码"
    assert body.startswith("【晨光百货】验证码 012345，5 分钟内有效。")
    subject, body = render(TEMPLATES["one_time_code"], {"brand": BRAND, "code": "012345", "minutes": 5}, "en")
    assert subject == "Your code for Morning Store"
    assert "your code is 012345. It works for 5 minutes." in body


def test_a_value_is_never_read_as_a_place_and_a_subject_never_has_two_lines():
    template = Template("t", Text("", ""), Text("{name}", "{name}"), Text("{name}", "{name}"))
    subject, body = render(template, {"name": "{brand}\nBcc: x@example.org"}, "en")
    assert body == "{brand}\nBcc: x@example.org"
    assert subject == "{brand} Bcc: x@example.org"


def test_a_secret_that_reached_its_reader_is_not_kept():
    template, values = TEMPLATES["one_time_code"], {"code": "123456", "minutes": 5}
    said = {"subject": "Your code is 123456", "body": "123456", "error": "refused: 123456 to 5"}
    assert kept(template, values, **said, really_sent=True) == ("", "", "refused: … to 5")
    assert kept(template, values, **said, really_sent=False) == tuple(said.values())
    plain = {**said, "subject": "Your code"}
    assert kept(template, values, **plain, really_sent=True)[0] == "Your code"
    open_ = Template("hello", Text("", ""), Text("", ""), Text("", ""))
    assert kept(open_, values, **said, really_sent=True) == tuple(said.values())


def test_every_template_speaks_both_languages_with_the_same_places():
    import string

    for template in TEMPLATES.values():
        for text in (template.name, template.subject, template.body):
            assert text.zh and text.en
            places = [
                {name for _, name, _, _ in string.Formatter().parse(t) if name} for t in (text.zh, text.en)
            ]
            assert places[0] == places[1], template.code
