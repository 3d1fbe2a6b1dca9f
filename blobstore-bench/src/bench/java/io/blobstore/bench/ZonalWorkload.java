package io.blobstore.bench;

/** What the benchmark of zonal buckets measures in JVMs of their own. */
enum ZonalWorkload implements Workload {
    WHOLE("blobstore, one range", ZonalRuns::whole),
    SDK_CHANNEL("google-cloud-storage, asChannel", ZonalRuns::sdkChannel),
    FOUR_CONNECTIONS("blobstore, four connections", spec -> ZonalRuns.download(spec, 4)),
    ONE_CONNECTION("blobstore, one connection", spec -> ZonalRuns.download(spec, 1)),
    SMALL("blobstore", ZonalRuns::small),
    BESIDE_LARGE("blobstore", ZonalRuns::besideLarge);

    private final Work work;

    ZonalWorkload(String title, Opener opener) {
        work = new Work(title, opener);
    }

    @Override
    public Work work() {
        return work;
    }
}
