"""The engine: divides PUBs into tasks, runs them on simulators, joins their results.

``engine``         takes jobs and gives outcomes; ``running_jobs`` says whether one more may start
``run_job``        one job from start to end; ``result_memory`` lets large results wait
``planning``       what has to run for a job of each program, and the join of its results
``turns``          whose job and whose task comes next
``executors``      where tasks run: threads, worker processes, Dask, Slurm
``read``           PUBs as they came -> circuits, values, observables
``base``           tasks, a job's allowances, worker processes

A file imports from its own folder and from those below it.
"""
