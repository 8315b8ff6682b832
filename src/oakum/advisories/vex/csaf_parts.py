"""Parts that the structures of CSAF 2.0 and 2.1 have in common; 2.1 bars every field that it does not know.

Source: CSAF 2.0 and 2.1 section 3.1 (definitions).
"""

from __future__ import annotations

from oakum.advisories.vex import forms
from oakum.advisories.vex.shapes import TEXT, Fields, Items, Shape, Text, words

URI = Text(form=forms.URI)
TEXTS = Items(of=TEXT)
UNIQUE_TEXTS = Items(of=TEXT, unique=True)
PRODUCTS = UNIQUE_TEXTS
GROUPS = UNIQUE_TEXTS
VERSION = Text(form=forms.VERSION)
#: Whether a language is one is the whole of test 6.1.12.
LANGUAGE = Text(least=0)
#: A purl is judged by test 6.1.13.
PURL = Text(least=0)

RELATIONS = words(
    "default_component_of", "external_component_of", "installed_on", "installed_with", "optional_component_of"
)
FLAGS = words(
    "component_not_present", "inline_mitigations_already_exist", "vulnerable_code_cannot_be_controlled_by_adversary",
    "vulnerable_code_not_in_execute_path", "vulnerable_code_not_present",
)  # fmt: skip
RESTARTS = words(
    "connected", "dependencies", "machine", "none", "parent", "service", "system", "vulnerable_component", "zone"
)
BRANCHES = (
    "architecture", "host_name", "language", "patch_level", "product_family", "product_name", "product_version",
    "product_version_range", "service_pack", "specification", "vendor",
)  # fmt: skip
STATUSES = (
    "first_affected", "first_fixed", "fixed", "known_affected", "known_not_affected", "last_affected", "recommended",
    "under_investigation",
)  # fmt: skip


class Parts:
    """The parts in the words of one version: how strict objects are, and what a date-time has to be."""

    def __init__(self, *, barred: bool, date_time: Text) -> None:
        self.barred = barred
        self.date_time = date_time
        self.targets: dict[str, Shape] = {"group_ids": GROUPS, "product_ids": PRODUCTS}
        self.references = Items(
            of=self.fields(
                {"category": words("external", "self"), "summary": TEXT, "url": URI}, need=("summary", "url")
            )
        )
        self.acknowledgments = Items(
            of=self.fields({"names": TEXTS, "organization": TEXT, "summary": TEXT, "urls": Items(of=URI)}, least=1)
        )

    def fields(
        self, of: dict[str, Shape], *, need: tuple[str, ...] = (), least: int = 0, most: int | None = None
    ) -> Fields:
        """An object of this version."""
        return Fields(of=of, need=need, least=least, most=most, barred=self.barred)

    def notes(self, more: dict[str, Shape]) -> Items:
        """A list of notes."""
        categories = words("description", "details", "faq", "general", "legal_disclaimer", "other", "summary")
        note = {"audience": TEXT, "category": categories, "text": TEXT, "title": TEXT, **more}
        return Items(of=self.fields(note, need=("category", "text")))

    def product(self, helper: dict[str, Shape], more: dict[str, Shape]) -> Fields:
        """A full product name, with what helps to identify it."""
        return self.fields(
            {
                "name": TEXT,
                "product_id": TEXT,
                "product_identification_helper": self.fields(helper, least=1),
                **more,
            },
            need=("name", "product_id"),
        )

    def generic_uris(self, *, unique: bool) -> Items:
        """Identifiers of other schemes."""
        uri = self.fields({"namespace": URI, "uri": URI}, need=("namespace", "uri"))
        return Items(of=uri, unique=unique)

    def hashes(self, *, algorithm: Text, value: Text, unique: bool) -> Items:
        """The hashes of the files of a product."""
        one = self.fields({"algorithm": algorithm, "value": value}, need=("algorithm", "value"))
        file = self.fields(
            {"file_hashes": Items(of=one, unique=unique), "filename": TEXT}, need=("file_hashes", "filename")
        )
        return Items(of=file, unique=unique)

    def branches(self, product: Fields, categories: tuple[str, ...]) -> Items:
        """The branches of a product tree: each has a category, a name, and either branches or a product."""
        inside: dict[str, Shape] = {"category": words(*categories), "name": TEXT, "product": product}
        branches = Items(of=self.fields(inside, need=("category", "name"), least=3, most=3))
        inside["branches"] = branches
        return branches

    def product_groups(self) -> Items:
        """Groups of products."""
        members = Items(of=TEXT, least=2, unique=True)
        group: dict[str, Shape] = {"group_id": TEXT, "product_ids": members, "summary": TEXT}
        return Items(of=self.fields(group, need=("group_id", "product_ids")))

    def tracking(self) -> Fields:
        """How a document is tracked."""
        engine = self.fields({"name": TEXT, "version": TEXT}, need=("name",))
        revision = self.fields(
            {"date": self.date_time, "legacy_version": TEXT, "number": VERSION, "summary": TEXT},
            need=("date", "number", "summary"),
        )
        return self.fields(
            {
                "aliases": UNIQUE_TEXTS,
                "current_release_date": self.date_time,
                "generator": self.fields({"date": self.date_time, "engine": engine}, need=("engine",)),
                "id": Text(form=forms.LINE),
                "initial_release_date": self.date_time,
                "revision_history": Items(of=revision),
                "status": words("draft", "final", "interim"),
                "version": VERSION,
            },
            need=("current_release_date", "id", "initial_release_date", "revision_history", "status", "version"),
        )

    def status(self, statuses: tuple[str, ...]) -> Fields:
        """The products of a vulnerability by their status."""
        return self.fields(dict.fromkeys(statuses, PRODUCTS), least=1)

    def remediations(self, *categories: str) -> Items:
        """What can be done."""
        restart = self.fields({"category": RESTARTS, "details": TEXT}, need=("category",))
        return Items(
            of=self.fields(
                {
                    "category": words(*categories),
                    "date": self.date_time,
                    "details": TEXT,
                    "entitlements": TEXTS,
                    "restart_required": restart,
                    "url": URI,
                    **self.targets,
                },
                need=("category", "details"),
            )
        )

    def threats(self) -> Items:
        """What is known of attacks and their impact."""
        categories = words("exploit_status", "impact", "target_set")
        threat = {"category": categories, "date": self.date_time, "details": TEXT, **self.targets}
        return Items(of=self.fields(threat, need=("category", "details")))

    def flags(self) -> Items:
        """Why products are not affected, in the words that machines read."""
        flag = {"date": self.date_time, "label": FLAGS, **self.targets}
        return Items(of=self.fields(flag, need=("label",)), unique=True)

    def relationships(self, product: Fields) -> Items:
        """Products that are made of two others."""
        relationship: dict[str, Shape] = {
            "category": RELATIONS,
            "full_product_name": product,
            "product_reference": TEXT,
            "relates_to_product_reference": TEXT,
        }
        return Items(of=self.fields(relationship, need=tuple(relationship)))

    def involvements(self, **more: Shape) -> Items:
        """Who took part in dealing with a vulnerability; ``more`` are fields of one version."""
        involvement = self.fields(
            {
                **more,
                "date": self.date_time,
                "party": words("coordinator", "discoverer", "other", "user", "vendor"),
                "status": words("completed", "contact_attempted", "disputed", "in_progress", "not_contacted", "open"),
                "summary": TEXT,
            },
            need=("party", "status"),
        )
        return Items(of=involvement, unique=True)
