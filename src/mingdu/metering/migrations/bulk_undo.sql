DROP TABLE metering_curve;
DROP TABLE metering_registerreading;
DROP FUNCTION metering_points_exist();
DROP FUNCTION metering_make_partitions(date, integer);
