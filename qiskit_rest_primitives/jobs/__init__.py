"""One job, from its submission to its result.

``job``            the handle of one job; ``split_job``, ``mitigated_job`` and ``circuit_job`` hold
                   some; ``base`` is what all have, ``details`` what was last reported of a job
``experiments``    runs that are recorded, and not submitted again
``submission``     exactly one job per submission, whatever happens to the reply
``polling``        the poller, and waiting for one job or many
``results``        the download, and what users read of it
``spending``       seconds on devices that runs of today were estimated to take
``files``          files that outlive a crash

The order of the folders is in pyproject.toml.
"""
