"""Where tasks run: threads, processes of this machine, Dask, Slurm."""
