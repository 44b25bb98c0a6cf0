from datetime import timedelta

from django.db import migrations, models

import scheduling.models.fields

REACHES = tuple(timedelta(days=days) for days in (1, 8, 64, 512))


def convert(apps, schema_editor):
    """Stored times become numbers, and every occurrence gets its class of length."""
    occurrences = apps.get_model("scheduling", "Occurrence").objects
    batch = []
    for row in occurrences.only("start", "end").iterator(chunk_size=2000):
        row.new_start, row.new_end = row.start, row.end
        row.reach = sum(row.end - row.start > longest for longest in REACHES)
        batch.append(row)
        if len(batch) == 2000:
            occurrences.bulk_update(batch, ["new_start", "new_end", "reach"])
            batch = []
    occurrences.bulk_update(batch, ["new_start", "new_end", "reach"])


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0007_ical")]

    operations = [
        migrations.AddField(
            model_name="occurrence",
            name="reach",
            field=models.PositiveSmallIntegerField(
                default=0, editable=False, help_text="Its class of length, see REACHES."
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="occurrence", name="new_start", field=scheduling.models.fields.InstantField(null=True)
        ),
        migrations.AddField(
            model_name="occurrence", name="new_end", field=scheduling.models.fields.InstantField(null=True)
        ),
        migrations.RunPython(convert, migrations.RunPython.noop),
    ]
