import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

import scheduling.models.fields


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0008_occurrence_ranges")]

    operations = [
        migrations.RemoveIndex(model_name="occurrence", name="scheduling__calenda_af9afa_idx"),
        migrations.RemoveConstraint(model_name="occurrence", name="occurrence_end_not_before_start"),
        migrations.RemoveField(model_name="occurrence", name="start"),
        migrations.RemoveField(model_name="occurrence", name="end"),
        migrations.RenameField(model_name="occurrence", old_name="new_start", new_name="start"),
        migrations.RenameField(model_name="occurrence", old_name="new_end", new_name="end"),
        migrations.AlterField(
            model_name="occurrence", name="start", field=scheduling.models.fields.InstantField()
        ),
        migrations.AlterField(
            model_name="occurrence", name="end", field=scheduling.models.fields.InstantField()
        ),
        migrations.AlterField(
            model_name="occurrence",
            name="calendar",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="occurrences",
                to="scheduling.calendar",
            ),
        ),
        migrations.AddConstraint(
            model_name="occurrence",
            constraint=models.CheckConstraint(
                condition=Q(end__gte=F("start")), name="occurrence_end_not_before_start"
            ),
        ),
        migrations.AddIndex(
            model_name="occurrence",
            index=models.Index(fields=["calendar", "reach", "start"], name="occurrence_range"),
        ),
        migrations.AddField(
            model_name="calendarevent",
            name="expanded_with",
            field=models.CharField(
                blank=True,
                editable=False,
                help_text="The rules of time its occurrences were made with.",
                max_length=40,
            ),
        ),
        migrations.AddIndex(
            model_name="calendarevent",
            index=models.Index(
                condition=Q(("expanded_until__isnull", False)),
                fields=["calendar", "expanded_until"],
                name="event_expanded_until",
            ),
        ),
        migrations.AddIndex(
            model_name="calendarevent",
            index=models.Index(
                condition=Q(("expanded_from__isnull", False)),
                fields=["calendar", "expanded_from"],
                name="event_expanded_from",
            ),
        ),
    ]
