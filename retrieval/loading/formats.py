"""File name extensions: what is read, what is refused with a remedy, what is passed over."""

READABLE = {
    ".pdf": "PDF",
    ".docx": "Word",
    ".docm": "Word",
    ".xlsx": "Excel",
    ".xlsm": "Excel",
    ".pptx": "PowerPoint",
    ".pptm": "PowerPoint",
    ".html": "HTML",
    ".htm": "HTML",
    ".xhtml": "HTML",
    ".md": "Markdown",
    ".markdown": "Markdown",
    ".txt": "text",
    ".text": "text",
    ".csv": "CSV",
    ".tsv": "CSV",
    ".jsonl": "JSONL",
    ".ndjson": "JSONL",
}
"""Format of each extension that is read, in lower case."""

_AS_DOCX = "save it as .docx or PDF"
_AS_XLSX = "save it as .xlsx or CSV"
_AS_PPTX = "save it as .pptx or PDF"
REMEDIES = (
    dict.fromkeys((".doc", ".dot", ".rtf", ".odt", ".wpd", ".wps", ".pages"), _AS_DOCX)
    | dict.fromkeys((".xls", ".xlsb", ".xlt", ".ods", ".numbers"), _AS_XLSX)
    | dict.fromkeys((".ppt", ".pps", ".ppsx", ".odp", ".key"), _AS_PPTX)
    | dict.fromkeys(
        (".tif", ".tiff"), "make it a PDF with a text layer (for example with ocrmypdf)"
    )
    | dict.fromkeys((".mht", ".mhtml", ".eml", ".msg", ".epub", ".xps"), "save it as HTML or PDF")
    | {".json": "write one JSON object a line and name it .jsonl"}
)
"""What to do with documents in formats that are not read."""

IRRELEVANT = frozenset(
    f".{extension}"
    for line in (
        "png jpg jpeg gif bmp svg webp ico heic psd ai eps mp3 mp4 mov avi wav webm",
        "css scss less js mjs ts map py pyc ipynb java class c h cpp rb go rs php sh bat ps1 sql r",
        "exe dll so dylib bin dat db sqlite sqlite3 parquet npy pkl ttf otf woff woff2 eot",
        "zip gz tgz bz2 xz 7z rar tar jar whl iso dmg p7s asc sig pem crt url lnk",
        "yaml yml toml ini cfg conf env lock xml xsd xsl log bak tmp swp part crdownload",
    )
    for extension in line.split()
)
"""Extensions that a folder may hold beside documents, passed over without a word."""

IRRELEVANT_NAMES = frozenset(
    {"license", "licence", "copying", "notice", "authors", "makefile", "dockerfile", "cname"}
)
"""Names, in lower case, of the same kind."""

SIDECAR_ENDINGS = (".meta.yaml", ".meta.yml", ".meta.json")
"""``summary.pdf.meta.yaml`` tells about ``summary.pdf``."""


def refusal(extension: str) -> str:
    """Why a file with this extension is not read, and what to do; for a LoadingError."""
    if extension in REMEDIES:
        return f"{extension} files are not read: {REMEDIES[extension]}"
    shown = f"{extension} files are" if extension else "a file without extension is"
    return f"{shown} not read: readable are {', '.join(sorted(READABLE))}"
