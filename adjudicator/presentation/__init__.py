"""What people see: tables and sentences for a terminal, in English or French."""
