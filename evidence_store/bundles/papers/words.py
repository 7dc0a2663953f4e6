"""Every fixed word of the papers, in each language; a language without a word does not type-check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language."""

    report: str
    exhibits: str
    exhibit: str
    exported: str
    exported_by: str
    organisation: str
    log_key: str
    proven_title: str
    proven: tuple[str, ...]
    not_proven_title: str
    not_proven: tuple[str, ...]
    no_value: str
    no_stamp: str
    index: str
    page: str
    address_asked: str
    address_found: str
    captured: str
    utc: str
    local: str
    facts: str
    purpose: str
    legal_basis: str
    operator: str
    tool: str
    clock: str
    clock_unknown: str
    clock_known: str
    environment: str
    nothing_between: str
    proxies: str
    hosts: str
    failures: str
    exchanges: str
    pictures: str
    picture_not_shown: str
    continued: str
    why: str
    files: str
    name: str
    role: str
    size: str
    digest: str
    custody: str
    when: str
    what: str
    who: str
    stamps: str
    authority: str
    missing_glyphs: str


EN = Words(
    report="Evidence report",
    exhibits="exhibits",
    exhibit="Exhibit",
    exported="Exported",
    exported_by="Exported by",
    organisation="For",
    log_key="Key of the log",
    proven_title="What the files of this bundle show",
    proven=(
        "Each exhibit holds the bytes that were received, unchanged since they were kept.",
        "Each exhibit stood in the log under the signed checkpoint, with everything that was done to it since.",
        "All of it existed at the latest when the time stamps say.",
    ),
    not_proven_title="What they do not show",
    not_proven=(
        "That the server told the truth, or that the offer was still there later.",
        "Who stands behind the key of the log: compare it with one received in another way.",
    ),
    no_value="This time stamp comes from a local authority for trying things out. It has no legal value.",
    no_stamp="No time-stamping authority has stamped this bundle: it shows no latest time.",
    index="Index of exhibits",
    page="Page",
    address_asked="Address asked",
    address_found="Address of the page",
    captured="Captured",
    utc="UTC",
    local="Local time",
    facts="Facts of the capture",
    purpose="Purpose",
    legal_basis="Legal basis",
    operator="Captured by",
    tool="Program",
    clock="Clock",
    clock_unknown="{source}; its error is not known",
    clock_known="{source}; still to be corrected {offset} µs, error at most {dispersion} µs",
    environment="Environment",
    nothing_between="no proxy, no foreign names in the hosts file",
    proxies="proxy variables set: {names}",
    hosts="names from the hosts file: {names}",
    failures="What did not work",
    exchanges="Requests and answers, in order",
    pictures="Pictures",
    picture_not_shown="not shown: it cannot be decoded; the file itself is in the bundle",
    continued="part {part} of {parts}",
    why="Why it was flagged",
    files="Files and digests (SHA-256)",
    name="Name",
    role="Kind",
    size="Bytes",
    digest="SHA-256",
    custody="Custody",
    when="When (UTC)",
    what="What",
    who="Who and why",
    stamps="Time stamps",
    authority="Authority",
    missing_glyphs="{count} characters have no glyph in the fonts at hand and are printed as their code points.",
)

ZH = Words(
    report="证据报告",
    exhibits="件证物",
    exhibit="证物",
    exported="导出时间",
    exported_by="导出人",
    organisation="所属单位",
    log_key="日志公钥",
    proven_title="本证据包能够证明",
    proven=(
        "每件证物保存的是当时收到的原始字节，自保存以来未被改动。",
        "每件证物及其后的全部操作均记载于日志，并处于已签名的检查点之下。",
        "以上内容最晚在时间戳所示时间已经存在。",
    ),
    not_proven_title="本证据包不能证明",
    not_proven=(
        "服务器所述内容属实，或该商品此后仍在售。",
        "日志密钥由谁持有：请与另行取得的公钥比对。",
    ),
    no_value="该时间戳来自本机试用服务，不具法律效力。",
    no_stamp="尚无时间戳服务机构为本证据包盖戳，不能证明最晚存在时间。",
    index="证物目录",
    page="页码",
    address_asked="请求网址",
    address_found="页面网址",
    captured="取证时间",
    utc="UTC",
    local="当地时间",
    facts="取证情况",
    purpose="目的",
    legal_basis="法律依据",
    operator="取证人",
    tool="取证程序",
    clock="时钟",
    clock_unknown="{source}；误差未知",
    clock_known="{source}；待校正 {offset} 微秒，误差不超过 {dispersion} 微秒",
    environment="环境清洁性",
    nothing_between="无代理设置，hosts 文件无外部域名",
    proxies="已设置代理变量：{names}",
    hosts="hosts 文件所列名称：{names}",
    failures="未成功事项",
    exchanges="请求与应答（按顺序）",
    pictures="图片",
    picture_not_shown="未显示：无法解码；原文件在证据包内",
    continued="第 {part} 部分，共 {parts} 部分",
    why="标记理由",
    files="文件与摘要（SHA-256）",
    name="名称",
    role="类别",
    size="字节数",
    digest="SHA-256",
    custody="保管链",
    when="时间（UTC）",
    what="事项",
    who="人员与原因",
    stamps="时间戳",
    authority="时间戳服务机构",
    missing_glyphs="有 {count} 个字符在现有字体中没有字形，以码位形式印出。",
)

JA = Words(
    report="証拠報告書",
    exhibits="点の証拠",
    exhibit="証拠",
    exported="書き出し日時",
    exported_by="書き出し者",
    organisation="所属",
    log_key="ログの公開鍵",
    proven_title="本書類一式から分かること",
    proven=(
        "各証拠は受信したバイト列そのものであり、保存後に変更されていません。",
        "各証拠とその後の取扱いはすべてログに記録され、署名済みチェックポイントの下にあります。",
        "以上は、遅くともタイムスタンプの示す時刻には存在していました。",
    ),
    not_proven_title="分からないこと",
    not_proven=(
        "サーバーの表示内容が真実であること、その後も掲載が続いていたこと。",
        "ログの鍵を誰が保有しているか。別の方法で入手した鍵と照合してください。",
    ),
    no_value="このタイムスタンプは試用のためのローカル機関によるもので、法的な効力はありません。",
    no_stamp="タイムスタンプがまだ付与されていないため、存在の最終時刻は示せません。",
    index="証拠目録",
    page="ページ",
    address_asked="要求した URL",
    address_found="ページの URL",
    captured="取得日時",
    utc="UTC",
    local="現地時刻",
    facts="取得の状況",
    purpose="目的",
    legal_basis="法的根拠",
    operator="取得者",
    tool="プログラム",
    clock="時計",
    clock_unknown="{source}、誤差は不明",
    clock_known="{source}、未補正 {offset} µs、誤差は最大 {dispersion} µs",
    environment="環境",
    nothing_between="プロキシなし、hosts ファイルに外部の名前なし",
    proxies="設定されたプロキシ変数：{names}",
    hosts="hosts ファイルの名前：{names}",
    failures="うまくいかなかったこと",
    exchanges="要求と応答（順番どおり）",
    pictures="画像",
    picture_not_shown="表示できません（復号不可）。ファイル自体は一式に含まれます",
    continued="{parts} 分割の {part}",
    why="検出の理由",
    files="ファイルとダイジェスト（SHA-256）",
    name="名称",
    role="種類",
    size="バイト数",
    digest="SHA-256",
    custody="保管の経過",
    when="日時（UTC）",
    what="事項",
    who="担当者と理由",
    stamps="タイムスタンプ",
    authority="発行機関",
    missing_glyphs="使用できる書体に字形のない文字 {count} 個は符号位置で印字しています。",
)

WORDS: Mapping[str, Words] = MappingProxyType({"en": EN, "zh": ZH, "ja": JA})
