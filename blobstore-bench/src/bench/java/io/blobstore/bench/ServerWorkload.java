package io.blobstore.bench;

/** What the clients of the measured servers do. */
enum ServerWorkload implements Workload {
    /** Puts each content once, over one connection. */
    PUT_1(spec -> HttpRuns.put(spec, 1)),
    /** Puts each content once, over 32 connections. */
    PUT_32(spec -> HttpRuns.put(spec, 32)),
    /** Gets each content four times as it is, over one connection. */
    GET_1(spec -> HttpRuns.get(spec, 1, 4, "")),
    /** Gets each content four times, compressed if the server has it so, over one connection. */
    GET_ZSTD_1(spec -> HttpRuns.get(spec, 1, 4, HttpRuns.ACCEPTS_ZSTD)),
    /** Gets each content once as it is, over 32 connections. */
    GET_32(spec -> HttpRuns.get(spec, 32, 1, "")),
    /** Puts and gets contents over 64 connections. */
    MIXED_64(spec -> HttpRuns.mixed(spec, 64)),
    /** Writes each content once, by gRPC. */
    WRITE(spec -> GrpcRuns.write(spec, false)),
    /** Reads each content twice, by gRPC. */
    READ(spec -> GrpcRuns.read(spec, false)),
    /** Writes each content once, as compressed blob, by gRPC. */
    WRITE_ZSTD(spec -> GrpcRuns.write(spec, true)),
    /** Reads each content twice, as compressed blob, by gRPC. */
    READ_ZSTD(spec -> GrpcRuns.read(spec, true));

    private final Work work;

    ServerWorkload(Opener opener) {
        work = new Work("its client", opener);
    }

    @Override
    public Work work() {
        return work;
    }
}
