"""Our own look-alikes beyond UTS #39: leet signs, lower-case Cyrillic, "fancy fonts" of other scripts, turned letters.

Read only by `build_tables`. Each row: the Latin letters a character may stand for, and the characters.
"""

from __future__ import annotations

_FANCY = (
    ("abcdefghijkmnopqrsuvwxyz", "ค๒ς๔єſﻮђเןкﻬภ๏קợгรยשฬאץչ"),
    ("abcdefghijklmnopqrstuvwxyz", "卂乃匚ᗪ乇千Ꮆ卄工ﾌҜㄥ爪几ㄖ卩Ɋ尺丂ㄒㄩᐯ山乂ㄚ乙"),
    ("abcdefghijklmnopqrstuvwxyz", "ᏗᏰፈᎴᏋᎦᎶᏂᎥᏠᏦᏝᎷᏁᎧᎮᎤᏒᏕᏖᏬᏉᏇጀᎩፚ"),
    ("abcdefghijklmnopqrstuvwxyz", "ǟɮƈɖɛʄɢɦɨʝӄʟʍռօքզʀֆȶʊʋաӼʏʐ"),
    ("abcdefghijklmnopqrstuvwxyz", "ąცƈɖɛʄɠɧıʝƙƖɱŋơ℘ɋཞʂɬų۷ῳҳყʑ"),
    ("abcdefghijklmnopqrstuvwxyz", "ꋫꃃꏸꁕꍟꄘꁍꑛꂑꀭꀗ꒒ꁒꁹꆂꉣꁸ꒓ꌚ꓅ꐇꏝꅐꇓꐟꁴ"),
    ("abcdefghijklmnopqrstuvwxyz", "ꍏꌃꉓꀸꂅꎇꁅꃅꀤꀮꀘ꒐ꂵꈤꂦꉨꆰꋪꌗ꓄ꀎꃴꅏꊼꌩꁵ"),
    ("abcdfhjlmnpqruvwxz", "ᗩᗷᑕᗪᖴᕼᒍᒪᗰᑎᑭᑫᖇᑌᐯᗯ᙭ᘔ"),
    ("abcdefghijkmnpqrtvwy", "ɐqɔpǝɟƃɥᴉɾʞɯudbɹʇʌʍʎ"),
    ("abcdefghjlmnopqrsuvwxz", "ᗩᗷᑕᗪᗴᖴᘜᕼᒍᒪᗰᑎᗝᑭᑫᖇᔕᑌᐯᗯ᙭ᘔ"),
    ("acegjkrstz", "ɒɔɘǫᒐʞɿƨƚƹ"),
)
"""Alphabets that "fancy text" pages hand out: Thai and Hebrew, Han and bopomofo, Cherokee, Armenian, Yi, syllabics."""

OWN: tuple[tuple[str, str], ...] = (
    ("a", "4@αаΑАДдΛλΔ∂∀Åª٨ΆάⱯɅ"),
    ("b", "8вВБбЬьЪъβΒ฿ƄƅƀъҌ"),
    ("bg", "6"),
    ("c", "(<¢©сСϲ⊂☾Ͼ"),
    ("d", "ԁԂđ∂ძ"),
    ("e", "3€еЕЭэєЄΣεΕξΞ∑℮ҽҾЗзɜƎ"),
    ("f", "ƒʃϝғҒ₣"),
    ("g", "ցɢ₲ԌԍɡǤ"),
    ("gq", "9"),
    ("h", "#нНΗһҺђЂћЋӉ"),
    ("il", "1!|丨¡іІїЇιΙΪ∣ı׀ǀⅼ¦ℓ"),
    ("j", "јЈנʝ"),
    ("k", "кКκΚқҚҝҞ₭Ԟ"),
    ("l", "£ʟⳐL⅃"),
    ("m", "мМΜӍ₥ʍ爪ო"),
    ("n", "иИйЙпПηΝπΠлЛ₦ήηИղռ∩ո"),
    ("o", "0оОοΟσ○●◯⭕θΘөӨфФΩ۝๏ο◎☉°⊙ჿロ口"),
    ("p", "рРρΡþ₱ҏ"),
    ("q", "ԛԚφ९"),
    ("r", "гΓГяЯѓґ®ř₹Ɍ"),
    ("s", "5$ѕЅ§ςՏՖ∫ƧƨЅ"),
    ("t", "7+тТτΤ†‡✝➕┬₮ͳէ"),
    ("u", "цЦμυUԱս∪บµ"),
    ("v", "νѵѴѶ√∨۷Ʋⴸ"),
    ("w", "шШщЩωѡѠԝԜ₩ฬพ"),
    ("x", "×хХχΧжЖ✕✖❌❎乂ӾҲҳ⨯"),
    ("y", "¥уУүҮγψΨΥЎўЧчҰұӰ"),
    ("z", "2ʐ乙ᴢȤΖζ"),
    *(
        (letter, character)
        for letters, characters in _FANCY
        for letter, character in zip(letters, characters, strict=True)
    ),
)
