@echo off
rem Checks this machine, the home and all services, and says what to repair.
setlocal
call "%~dp0overnight.cmd" doctor %*
set "CODE=%errorlevel%"
echo.
echo Next: repair what failed above; then RUN_OVERNIGHT_PIPELINE.bat screens ten stocks.
pause
exit /b %CODE%
