from django.db import migrations

from scheduling.migrations._no_double_booking import guard, unguard


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0010_booking")]
    operations = [migrations.RunPython(guard, unguard)]
