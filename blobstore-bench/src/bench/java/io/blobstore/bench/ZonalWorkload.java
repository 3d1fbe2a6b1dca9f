package io.blobstore.bench;

import java.io.IOException;

/** What the benchmark of zonal buckets measures in JVMs of their own. */
enum ZonalWorkload implements Workload {
    WHOLE("blobstore, one range", ZonalRuns::whole),
    SDK_CHANNEL("google-cloud-storage, asChannel", ZonalRuns::sdkChannel),
    FOUR_CONNECTIONS("blobstore, four connections", spec -> ZonalRuns.download(spec, 4)),
    ONE_CONNECTION("blobstore, one connection", spec -> ZonalRuns.download(spec, 1)),
    SMALL("blobstore", ZonalRuns::small),
    BESIDE_LARGE("blobstore", ZonalRuns::besideLarge);

    private final String title;
    private final Opener opener;

    ZonalWorkload(String title, Opener opener) {
        this.title = title;
        this.opener = opener;
    }

    @Override
    public String title() {
        return title;
    }

    @Override
    public Run open(Spec spec) throws IOException {
        return opener.open(spec);
    }
}
